"""The hello-world in a process that has the libraries of the store imported as well."""

import cryptography.hazmat.primitives.ciphers.aead
import sqlalchemy.dialects.sqlite.pysqlite
import sqlmodel

from tests.bench.apps.hello import Hello

LIBRARIES = (cryptography, sqlalchemy, sqlmodel)

if __name__ == "__main__":
    Hello().run()
