"""From a camera's frames to one good view of each part: drivers, choice by time, health and presence of the picture."""
