"""The OpenAPI document of the API, made from its routes and schemas."""
