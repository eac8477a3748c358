"""U-Net with a MobileNetV2 encoder."""

from edge_inspector.training.models.unet.light_unet import PARAMETER_COUNT, LightUNet
from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder

__all__ = ["PARAMETER_COUNT", "LightUNet", "MobileNetV2Encoder"]
