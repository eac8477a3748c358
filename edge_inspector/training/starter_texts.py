"""The words of the first training file, to be filled by `starter.py`. What stands behind a # is usual, or says `example`."""

from __future__ import annotations

TRAINING = """\
# Written by `edge-inspector dataset training-file` from {pictures} of {parts}; docs/training.md explains every key.
# Paths count from the folder of this file. A key behind a # shows its usual value, which is taken anyway; one that is called
# an example is without effect until its # is taken away.
#   edge-inspector train {name} {options} # every engine below, into trained/; after Ctrl-C the same command goes on
#   tensorboard --logdir trained/runs # meanwhile, in another terminal: how far it is
format: 1

set: # the labelled pictures, as `edge-inspector dataset inspect` looks at them
{set}

view: # what the engines take: the recipe's view has this size, and the station's cameras this fit
  height_px: {height_px}
  width_px: {width_px}
  fit: {fit} # {fit_words}

mm_per_px: {{min: {least_mm}, max: {most_mm}}} # of a pixel, from the least to the most that the cameras have
{bands}
# By the name of the package to be. Each is trained by itself and looks for one defect; colour is how pictures show it:
# {colours}.
# smallest_defect_px, over how many pixels a score is a mean, may stand beside it; usual is half of the 5th percentile of
# what is drawn.
engines:
{engines}

{split}

# model: unet-light # or unet-light4, faster and coarser, or unet-standard, which computes three times as much
# weights: imagenet # example: begin from published weights, fetched, or of a file; worth having with few pictures

learning:
  steps: 4000 # batches learned from
  # minutes: 60 # example: end sooner, after so long; such a run does not repeat exactly
  # seed: 1
  # learning_rate: 0.001
  # early_stop: {{every_steps: 200, patience: 10}} # example: end when validation parts are judged no better any more
  crops: {{batch: 8, height_px: {crop_height_px}, width_px: {crop_width_px}, defective_share: 0.5}} # {crop_words}
  # What crops undergo by chance, at most: only what parts and light of the line can do. turn_deg 180: parts lie anyhow
  # changes: {{flip_sideways: true, flip_upright: true, turn_deg: 0, scale: 0, light: 0.12, colour: 0.15, gamma: 0.18}}
  # loss: {{pixels: weighted, overlap: dice, overlap_weight: 0.5}} # pooled_dice is steadier for tiny defects

cut: {{rule: half_way}} # between good and defective parts; below every defective one where they overlap
# Examples, instead of the line above: where an escape costs as much as 100 false rejects; where 95 % confidence is wanted
# that at most 5 % of defective parts escape, which 59 defective validation parts can show, and no fewer.
# cut: {{rule: cheapest, escape_cost: 100}} # example
# cut: {{rule: bounded, miss_rate: 0.05}} # example
# precisions: [f32] # in which the cut is proven; with [bf16, f32] a station takes the quicker one
# defective_share: 0.01 # of parts in production, for the report's cost curve
"""

BANDS = """
# The pages of the pictures, in their order. Name each by its wavelength; mean and std are those of all pictures. One that is
# a colour may say filters: red, green or blue, and begins with that colour's published filters.
bands:
"""
BAND = "  - {{name: band_{number}, mean: {mean:.4f}, std: {std:.4f}}}\n"

ENGINE = "  {name}: {{defect: {name}, colour: {colour}}} # {counts}"

COMPLETE = "  complete: true # every picture was looked at: one without a label is clean"
NOT_COMPLETE = "  # complete: false # true: every picture was looked at, so that one without a label is clean, not unknown"

DEALT = """\
# Parts, never pictures, are dealt by chance: to choosing the cut, to a test that is only measured, the rest to learning.
# split: {validation: 0.2, test: 0.2}
# split: {folds: 5, held_back: 0} # example: a fifth is the test, the next one chooses the cut; --every-fold: each in turn"""
GIVEN = """\
# The set itself says in which of {count} folds a part is ({names}): what it knows to be alike is in one, and dealt by chance
# would be learned from and measured on. The fold held back is the test, the next one chooses the cut.
split: {{folds: given}} # one is held back by --hold-back; --every-fold: each in turn, which measures and makes no engine
# split: {{folds: given, held_back: {held_back}}} # example, instead of the line above: says it once for all"""

EXACT = "every picture has this size; pad adds to smaller ones, resize scales"
PAD = "pictures have {sizes}: they are mirrored beyond their right and lower edge; resize scales them"

CROPS = "learned from at once; half of the crops show the defect"
WHOLE_CROPS = "whole views, since some labels do not say where"
