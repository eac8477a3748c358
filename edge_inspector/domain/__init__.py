"""Types that all floors share: part, view, judgement, finding, verdict, outcome, time, errors."""
