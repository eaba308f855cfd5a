-- Makes the two roles on a fresh database: the owner migrates, the runtime role reads and writes rows.
-- psql runs it as a superuser, once, in the database that the two will use; names and passwords come
-- from the environment: OWNER_ROLE, OWNER_PASSWORD, RUNTIME_ROLE, RUNTIME_PASSWORD.

\set ON_ERROR_STOP on
\getenv owner OWNER_ROLE
\getenv owner_password OWNER_PASSWORD
\getenv runtime RUNTIME_ROLE
\getenv runtime_password RUNTIME_PASSWORD

BEGIN;

CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"runtime" LOGIN PASSWORD :'runtime_password';

-- Nobody else connects. Without TEMPORARY the runtime role cannot make tables of its own either,
-- which would hide those of the same name.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
ALTER DATABASE :"DBNAME" OWNER TO :"owner";
GRANT CONNECT ON DATABASE :"DBNAME" TO :"runtime";

-- The schema belongs to whoever owns the database.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"runtime";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"runtime";

-- The table where Alembic keeps the revision, as it would make it: only readable for the service.
SET LOCAL ROLE :"owner";
CREATE TABLE alembic_version (
    version_num varchar(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM :"runtime";

COMMIT;
