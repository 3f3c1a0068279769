-- Schema 3 has full_name only. Run when no release that knows `name` can come back.
DROP TRIGGER IF EXISTS customers_both ON customers;
DROP FUNCTION IF EXISTS customers_both();
ALTER TABLE customers DROP COLUMN IF EXISTS name;
ALTER TABLE customers ALTER COLUMN full_name SET NOT NULL;
