"""Objects that exist once a process and are bound to the application by `bootstrap`."""

from flask_jwt_extended import JWTManager
from flask_sqlalchemy import SQLAlchemy

from app.models.base import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
jwt = JWTManager()
