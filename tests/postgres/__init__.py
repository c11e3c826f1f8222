"""What only a store on a PostgreSQL server does; `make test` runs these, whatever the engine of the others is."""
