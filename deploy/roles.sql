-- Create the two roles of a database: the owner migrates, the runtime role reads and writes rows.
-- Run it with psql 14 or newer in the database that the roles will use. Names and passwords are read
-- from the environment: OWNER_ROLE, OWNER_PASSWORD, RUNTIME_ROLE, RUNTIME_PASSWORD. Run it again to
-- change a password, or in another database of the server.
--
-- Needs a superuser, or the owner of the database with CREATEROLE, as on hosted PostgreSQL. The latter
-- becomes a member of the owner role.

\set ON_ERROR_STOP on
\getenv owner OWNER_ROLE
\getenv owner_password OWNER_PASSWORD
\getenv runtime RUNTIME_ROLE
\getenv runtime_password RUNTIME_PASSWORD

BEGIN;
SET LOCAL client_min_messages = warning; -- no notices about existing objects

SELECT format('CREATE ROLE %I', role) FROM (VALUES (:'owner'), (:'runtime')) AS wanted (role)
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"owner" LOGIN PASSWORD :'owner_password';
ALTER ROLE :"runtime" LOGIN PASSWORD :'runtime_password';

-- No other role can connect. Without TEMPORARY the runtime role cannot create temporary tables, which
-- would hide tables of the same name.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO :"owner", :"runtime";

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO :"owner";
GRANT USAGE ON SCHEMA public TO :"runtime";

-- Since PostgreSQL 16 the creator of a role can administer it, but SET ROLE needs the option SET, which
-- the grant by createrole_self_grant may lack.
\set privilege USAGE
\set option ''
SELECT :SERVER_VERSION_NUM >= 160000 AS has_set_option \gset
\if :has_set_option
    \set privilege SET
    \set option 'WITH SET TRUE'
\endif
SELECT format('GRANT %I TO CURRENT_USER %s', :'owner', :'option')
    WHERE NOT pg_has_role(:'owner', :'privilege') \gexec
SET LOCAL ROLE :"owner";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"runtime";

-- Create Alembic's table of the revision as Alembic does. The runtime role can only read it.
CREATE TABLE IF NOT EXISTS alembic_version (
    version_num varchar(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM :"runtime";

COMMIT;
