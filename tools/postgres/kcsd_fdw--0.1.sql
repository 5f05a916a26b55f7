-- SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
CREATE FUNCTION kcsd_fdw_handler() RETURNS fdw_handler AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION kcsd_fdw_validator(text[], oid) RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FOREIGN DATA WRAPPER kcsd_fdw HANDLER kcsd_fdw_handler VALIDATOR kcsd_fdw_validator;
