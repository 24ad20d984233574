"""How the threads of torch wait for each other: asleep.

They turn on the spot otherwise, which holds the time that the one they wait for needs when another
process has its core (`experiments/threads`). A process reads it when it imports torch.
"""

ASLEEP = {"OMP_WAIT_POLICY": "passive"}
"""Variables of the environment, where the user has not set them."""
