"""The programme: what is promised, tried in numbers, each promise with a control that must fail (`make trust`)."""
