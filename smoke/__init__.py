"""`make smoke`: the main job, end to end, on real processes and real HTTP, with the clock moved through a camp."""
