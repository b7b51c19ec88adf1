# A schema as the catalogue tells it, for comparing databases on servers that no pg_dump here reads: pg_dump reads none
# that is newer than itself.
package Interlock::Catalogue;

use strict;
use warnings;

# One line for each object of people, without the registry; what NULL means is told from what an empty text means.
sub query
{
    return <<'SQL';
WITH mine AS (SELECT c.*, c.oid::regclass AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'interlock')),
parts AS (
  SELECT row('relation', name, relkind, relowner::regrole, relpersistence, reloptions, reltablespace, relreplident,
    relrowsecurity, relforcerowsecurity, pg_get_expr(relpartbound, oid), pg_get_partkeydef(oid),
    coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)),
    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(oid) END)::text AS part FROM mine
  UNION ALL SELECT row('column', name, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
    a.attcollation::regcollation, a.attstorage, a.attcompression, a.attstattarget, a.attoptions, a.attislocal, a.attinhcount,
    a.attacl)::text
    FROM mine JOIN pg_attribute a ON a.attrelid = mine.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  UNION ALL SELECT row('constraint', k.conrelid::regclass, k.contypid::regtype, k.conname, k.contype, pg_get_constraintdef(k.oid),
    k.convalidated, k.conislocal, k.coninhcount, k.connoinherit)::text
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')
  UNION ALL SELECT row('index', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisclustered, i.indisreplident,
    i.indisprimary)::text FROM mine JOIN pg_index i ON i.indrelid = mine.oid
  UNION ALL SELECT row('type', format_type(t.oid, NULL), t.typtype, t.typowner::regrole, coalesce(t.typacl, acldefault('T', t.typowner)),
    format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
    (SELECT string_agg(quote_literal(e.enumlabel), ' ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))::text
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')
  UNION ALL SELECT row('schema', nspname, nspowner::regrole, coalesce(nspacl, acldefault('n', nspowner)))::text FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'interlock')
  UNION ALL SELECT row('sequence', name, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
    (SELECT row(d.refobjid::regclass, a.attname, d.deptype) FROM pg_depend d
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = mine.oid AND d.refclassid = 'pg_class'::regclass
        AND d.deptype IN ('a', 'i')))::text
    FROM mine JOIN pg_sequence ON seqrelid = oid
  UNION ALL SELECT row('extension', extname, extversion, extowner::regrole, extnamespace::regnamespace)::text FROM pg_extension
  UNION ALL SELECT row('function', p.oid::regprocedure, p.proowner::regrole, coalesce(p.proacl, acldefault('f', p.proowner)),
    md5(p.prosrc))::text
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'interlock')
  UNION ALL SELECT row('trigger', pg_get_triggerdef(t.oid), t.tgenabled)::text
    FROM mine JOIN pg_trigger t ON t.tgrelid = mine.oid AND NOT t.tgisinternal
  UNION ALL SELECT row('default privileges', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl)::text
    FROM pg_default_acl
  UNION ALL SELECT row('comment', o.type, o.identity, d.description)::text
    FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) o
    WHERE (d.objoid >= 16384 OR d.objoid = 'public'::regnamespace) AND o.schema IS DISTINCT FROM 'interlock'
      AND o.identity !~ '\yinterlock\y')
SELECT part FROM parts ORDER BY part COLLATE "C"
SQL
}

1;
