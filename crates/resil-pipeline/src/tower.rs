//! A pipeline around a tower service.
