#!/bin/sh
# migrate.sh SCHEMA: brings the database to a schema version, in one transaction that others wait for.
# BLUEGREEN_STEP says which file: db/2-expand.sql, db/3-contract.sql.
set -eu
step=${BLUEGREEN_STEP:?run by bluegreen, or set it to expand or contract}
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --single-transaction \
  --output /dev/null --command 'SELECT pg_advisory_xact_lock(4711)' \
  --file "$(dirname "$0")/db/$1-$step.sql"
