"""Walkthroughs on the screen: a stage of their own, hands that press the keys, a panel that says why."""
