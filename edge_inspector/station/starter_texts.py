"""The words of the first station file and recipe, to be filled by `starter.py`."""

from __future__ import annotations

STATION = """\
# Written by `edge-inspector init` for a folder of pictures; docs/station-file.md explains every key.
# Paths count from the folder of this file. `edge-inspector check` says every mistake at once.
format: 1
station: {name}
simulation: true # recorded pictures and a simulated belt; a real line says false
recipe: recipe.yaml # what is inspected
state_dir: state # ledger, journal, pictures and database

recording: # the pictures sorted by name are the parts in order, the first one of every camera is the first part
  path: {pictures}
  # pictures know no time and no length, so both are made up: part i arrives at lead_in_ms + i × spacing_ms
  plain: {{lead_in_ms: 1500, spacing_ms: {spacing_ms}, length_mm: 60}} # more spacing_ms when verdicts come too late

cameras: # their names are the folders'; every camera must give a good view of every part
{cameras}

{pose}
light: dc # does not flicker. mains_50hz and mains_60hz do: they need exposures of 10 or 8.3 ms, which blur what moves

line: # the simulated belt. On a real one each of these is measured
  trigger: replay # the belt feeds a part at each trigger of the recording
  belt: simulated
  speed_mm_s: 200
  part_length_mm: {{min: 50, max: 70}} # around length_mm above; shorter is a fragment, longer two parts touching
  min_spacing_mm: 150 # leading edge to leading edge; closer parts are both UNINSPECTED. These come 200 apart or more
  stop_distance_mm: 10 # way of the belt after its permit is gone: ASSUMED, measure it, the daemon can not
  ejectors: # gates along the belt, shut unless commanded: whatever breaks, a part runs on into the last bin
    - name: good
      for: [ACCEPT]
      at_mm: 620 # from the sensor; farther leaves more time to judge
      valve_delay_ms: 15 # command to gate fully moved
      tolerance_ms: 40 # open so long before and after the part

records: # how long what is kept; parts.db is built from ledger and journal, which are never thinned out
  picture_quota_mb: 2000 # beyond it accepted parts' pictures go first, then the oldest
  picture_days: {{rejected: 365, uninspected: 365, accepted: 30}}
  accepted_sample: 0.02 # share of the accepted parts whose pictures are kept as well: only they can show what escaped
"""

CAMERA = """\
  {name}: &camera
    driver: replay
    period_ms: 33.333 # 30 frames a second
    latency_ms: 30 # from the middle of the exposure to the driver's stamp
    offset_ms: 500 # from the sensor's edge until the part is in the middle of the picture
    # exposure_ms: 0.2 # as set on the camera; `check` then holds it against blur (at most 1 px) and flicker
    # orientation: {{rotate_deg: 90}} # clockwise, so that parts travel to the right; mirror: true behind a mirror
    # roi: {{x_px: 0, y_px: 0, width_px: 640, height_px: 480}} # cuts the view out of larger pictures
    {fit}"""

FITS = {
    "exact": "fit: exact # what is cut out has the recipe's view as its size; pad adds to smaller ones, resize scales",
    "pad": "fit: pad # pictures are smaller than the engine's: they are mirrored beyond their right and lower edge",
    "resize": "fit: resize # pictures are scaled to the engine's size, each side by its own factor",
}

POSE_OF_ONE = "pose: unknown # the part may lie anyhow: nothing is said of how much of it was seen"

POSE = """\
pose: unknown # the part may lie anyhow: each view is judged on its own, nothing is said of how much of the part was seen
# A straight round part that passes a ring of four cameras or more without turning can be judged on its whole surface: one
# defect in two views is one finding, lengths are those on the surface, and a part not seen all around is UNINSPECTED.
# Then: `pose: ring`, in the recipe `surface` and presence silhouette, and at each camera its place, measured:
#   angle_deg: look the way the parts travel; any camera is at 0, angles count clockwise from it. Views show the travel
#     to the right, and what is at higher angles lower (else turn them with `orientation`).
#   distance_mm: from the lens to the line along which the parts' axis travels
#   along_mm: along the belt, from the sensor to the point at which the lens looks
#   focal_px: lay a scale along that line; when L mm of it are N px long in the view, it is N × distance_mm / L
#   centre_x_px, centre_y_px: the middle of the turned frame, less x_px and y_px of the roi
# With the numbers of a ring of {count} cameras, {distance_mm:g} mm from the axis:
{example}"""

RING_FIRST = """\
#   {name}: &camera
#     # its keys as above, and
#     {place}"""

RING_OTHER = """\
#   {name}:
#     <<: *camera
#     {place}"""

PLACE = """\
place: {{angle_deg: {angle_deg:g}, distance_mm: {distance_mm:g}, along_mm: 70, focal_px: {focal_px:.0f}, \
centre_x_px: {centre_x_px:g}, centre_y_px: {centre_y_px:g}}}"""

RECIPE = """\
# Written by `edge-inspector init` from a sample of pictures; docs/station-file.md explains every key.
# The recipe is named by the SHA-256 of its content and its engines; every part's record carries that name.
format: 1
product: {name}

view: {{height_px: {height_px}, width_px: {width_px}}} # of every camera's picture, after cropping
mm_per_px: {mm_per_px} # ASSUMED: lay a scale into the picture and measure it; rules in mm are wrong until then

presence: # a view that does not show one whole part is no view: the part is then UNINSPECTED
  kind: full_frame # a surface that fills the picture
  mean_grey: [{least}, {most}] # measured {measured}, and a margin
  min_grey_deviation: {deviation} # half of the least measured, {least_deviation}
  # A picture without a part must fall outside these; where it does not, or where a part could be cut off or doubled, use:
  # kind: silhouette
  # background: dark
  # min_contrast: 30 # grey levels between part and background
  # length_mm: {{min: 55, max: 65}} # along the rows of the picture
  # width_mm: {{min: 6, max: 10}}

# A round rod in a ring of cameras (see `pose` in the station file) is judged on its surface:
# surface: {{max_incidence_deg: 60, same_defect_mm: 0.5, min_coverage: 0.99}}

{engines_and_rules}

# Rules on the part's own measures need no engine, but presence silhouette; beyond its windows a part is UNINSPECTED anyway:
# dimensions:
#   length_mm: {{min: 58, max: 62}} # end to end
#   diameter_mm: {{max: 9}} # mean over the length
#   bow_mm: {{max: 1.5}} # farthest that the axis lies from the straight line between its ends
"""

FUSION = "fusion: any # one view with a defect is enough; max and weighted put views together, and need `surface`"

RULES = "rules: # the part is rejected when any rule is met, a rule when one finding reaches all of its limits"

LIMITS = """\
    min_area_mm2: 0 # smaller findings do not reject
    min_length_mm: 0 # shorter ones neither
    min_width_mm: 0 # nor narrower ones
    # combine: any # one of these three limits is enough, of those above 0
    # min_count: 3 # so many such findings reject, fewer do not
    # zone: {along_mm: [0, 10]} # only within 10 mm of the end that comes first (presence silhouette)"""

NO_ENGINE = """\
# No engine here was made for pictures of {width_px} × {height_px} px: none is named yet, and `check` refuses this file.
# Train one, in the folder of this file, from pictures of your parts (images/) and masks of their defects (masks/scratch/):
#   edge-inspector dataset training-file FOLDER --mm-per-px MM
#   edge-inspector train training.yaml --all --out .
# and remove the # before `scratch` and before its rule:
engines: # name: folder of the package, from this file
  # scratch: engines/scratch

{fusion}

{rules}
  # - {{name: scratch, engine: scratch, min_score: 0.5}} # the training says which, and the manifest's threshold"""
