-- Schema 2 has both columns; a trigger keeps them alike, whichever a release writes.
ALTER TABLE customers ADD COLUMN IF NOT EXISTS full_name text;

CREATE OR REPLACE FUNCTION customers_both() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.name IS DISTINCT FROM OLD.name THEN
    NEW.full_name := NEW.name;
  ELSIF TG_OP = 'UPDATE' AND NEW.full_name IS DISTINCT FROM OLD.full_name THEN
    NEW.name := NEW.full_name;
  END IF;
  NEW.full_name := COALESCE(NEW.full_name, NEW.name);
  NEW.name := COALESCE(NEW.name, NEW.full_name);
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER customers_both BEFORE INSERT OR UPDATE ON customers
  FOR EACH ROW EXECUTE FUNCTION customers_both();

UPDATE customers SET full_name = name WHERE full_name IS NULL;
