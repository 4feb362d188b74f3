"""A real BottleCRM (PyPI `django-crm`, MIT), installed and run beside us, for tests and CI."""
