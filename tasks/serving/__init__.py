"""The code that MLflow loads a registered model with."""
