-- Schema 1, which release 1 was made for.
CREATE TABLE IF NOT EXISTS customers (
  id bigserial PRIMARY KEY,
  name text NOT NULL
);
