"""The programs our application is measured beside."""
