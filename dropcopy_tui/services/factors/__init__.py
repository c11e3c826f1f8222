"""Second factors: how a person confirms an action, and the codes and pushes that do it."""
