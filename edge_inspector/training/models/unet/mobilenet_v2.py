"""MobileNetV2 encoder (Sandler et al. 2018, arXiv:1801.04381, table 2) with torchvision's parameter names.

The names (`features.4.conv.0.0.weight`) are kept so that published weights can be loaded key by key.
"""

from __future__ import annotations

from torch import Tensor, nn

from edge_inspector.training.models.unet.halving_depthwise import HalvingDepthwise

# expansion t, output channels, repeats, stride of the first repeat: features.1 ... features.17
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
WIDEST = 1280  # channels of features.18
SKIP_AFTER = (1, 3, 6, 13)  # features whose outputs the decoder joins: /2 16 ch, /4 24, /8 32, /16 96


def _conv_bn_relu6(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    if stride == 2 and groups == inputs == outputs and kernel == 3:
        convolution: nn.Conv2d = HalvingDepthwise(inputs)
    else:
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
    return nn.Sequential(
        convolution,
        nn.BatchNorm2d(outputs),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """1x1 expansion (absent at t = 1), 3x3 depthwise, linear 1x1; adds its input where shape allows."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_conv_bn_relu6(inputs, hidden, 1)]
        layers += [
            _conv_bn_relu6(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.Sequential(*layers)
        self.has_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, outputs, h / stride, w / stride)."""
        y: Tensor = self.conv(x)
        return x + y if self.has_residual else y


class MobileNetV2Encoder(nn.Module):
    """features.0 ... features.17, and features.18 if `is_widened`: 1,811,712 or 2,223,872 parameters at three channels."""

    def __init__(self, channels: int = 3, *, is_widened: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [_conv_bn_relu6(channels, 32, 3, stride=2)]
        inputs = 32
        for expansion, outputs, repeats, stride in BLOCKS:
            for i in range(repeats):
                layers.append(InvertedResidual(inputs, outputs, stride if i == 0 else 1, expansion))
                inputs = outputs
        if is_widened:
            layers.append(_conv_bn_relu6(inputs, WIDEST, 1))
        self.features = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")  # torchvision's own start

    def forward(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """x: float (n, c, h, w), h and w multiples of 32. Returns the skips /2, /4, /8, /16 and the bottleneck /32."""
        skips: list[Tensor] = []
        for k, layer in enumerate(self.features):
            x = layer(x)
            if k in SKIP_AFTER:
                skips.append(x)
        return skips, x  # (n, 16, h/2, w/2) ... (n, 96, h/16, w/16); (n, 320 or 1280, h/32, w/32)
