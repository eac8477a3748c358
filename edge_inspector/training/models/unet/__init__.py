"""U-Nets with a MobileNetV2 encoder."""

from edge_inspector.training.models.unet.light_unet import PARAMETER_COUNT, LightUNet
from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder
from edge_inspector.training.models.unet.standard_unet import STANDARD_PARAMETER_COUNT, StandardUNet

__all__ = ["PARAMETER_COUNT", "STANDARD_PARAMETER_COUNT", "LightUNet", "MobileNetV2Encoder", "StandardUNet"]
