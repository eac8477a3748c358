"""U-Nets with a MobileNetV2 encoder."""

from edge_inspector.training.models.unet.light_unet import LightUNet
from edge_inspector.training.models.unet.mobilenet_v2 import MobileNetV2Encoder
from edge_inspector.training.models.unet.standard_unet import StandardUNet

__all__ = ["LightUNet", "MobileNetV2Encoder", "StandardUNet"]
