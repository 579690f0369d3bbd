//! `careline.yaml`: one configuration file whose every key has a default.
