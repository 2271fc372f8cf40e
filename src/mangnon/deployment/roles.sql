-- The roles and their privileges. Every `mangnon deploy` runs this file. Each role can do its own step of the flow and nothing else; bi_reader,
-- the only one that logs in, sees the schema marts and nothing else. Tested in tests/integration/test_roles.py.

do $$
declare
    wanted text;
begin
    foreach wanted in array array['loader', 'registrar', 'transformer', 'auditor', 'publisher', 'pruner', 'teller'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I nologin', wanted);
        end if;
    end loop;
    if not exists (select from pg_roles where rolname = 'bi_reader') then
        create role bi_reader login;
    end if;
    execute format('revoke temporary on database %I from public', current_database());
    execute format('grant temporary on database %I to transformer', current_database());
    execute format('grant loader, registrar, transformer, auditor, publisher, pruner, teller to %I', current_user);
end $$;

alter role bi_reader set default_transaction_read_only = on;
alter role bi_reader set statement_timeout = '60s';

create schema if not exists staging authorization transformer;
create schema if not exists core authorization transformer;
create schema if not exists marts authorization transformer;

revoke all on schema public, ops, raw, staging, core, marts from public;
revoke execute on all functions in schema ops from public;
grant execute on function ops.visible_release(), ops.chosen_release(), ops.visible_list(text)
to bi_reader, transformer, auditor, publisher;
grant execute on function ops.loads_in_release(integer) to auditor, publisher, pruner;
grant execute on function ops.changed_loads(integer, integer) to auditor, publisher;
grant execute on function ops.kept_releases(integer) to pruner;
grant execute on function ops.loads_to_judge(bigint[]) to auditor;
grant execute on function ops.touched_keys(bigint[]), ops.touched_revisions(bigint[]) to publisher;
grant usage on schema ops to loader, registrar, transformer, auditor, publisher, pruner, teller;
grant select on all tables in schema ops to loader, registrar, transformer, auditor, publisher, pruner, teller;
-- Each writer first asks whether the warehouse belongs to its version of the code.
grant usage on schema public to loader, registrar, auditor, publisher, pruner, teller;
grant select on public.alembic_version to loader, registrar, auditor, publisher, pruner, teller;

-- loader: what arrived, and its rows
grant insert on ops.deliveries, ops.arrivals, ops.delivery_decisions to loader;
grant insert, delete on ops.misplaced_files to loader;
grant insert, update, delete on ops.skipped_files to loader;
grant insert on ops.archive_checks, ops.archive_faults to loader;
grant update (reporter_code, period, revision, revision_reason, is_synthetic) on ops.deliveries to loader;
grant insert on ops.loads to loader;
revoke update on ops.loads from loader; -- until migration 0010 it had the right
grant insert, update on ops.batches, ops.backfills, ops.backfill_periods to loader;
grant usage on all sequences in schema ops to loader;
grant usage on schema raw to loader, registrar, transformer, auditor, publisher;
grant select on all tables in schema raw to loader, registrar, transformer, auditor, publisher;
grant insert on all tables in schema raw to loader;
grant maintain on all tables in schema raw to loader; -- noqa: PRS

-- registrar: lists, and who delivered them; deploy.py gives it the tables of the lists in raw, and takes them from loader
grant insert on ops.deliveries, ops.batches, ops.loads, ops.reference_deliveries to registrar;
grant usage on all sequences in schema ops to registrar;
grant insert on raw.refused_rows, raw.problems to registrar;

-- transformer: dbt owns what it builds in staging, core and marts
grant insert, update on ops.deployed_views to transformer;
alter default privileges for role transformer in schema staging, core, marts
grant select on tables to auditor, publisher;
alter default privileges for role transformer in schema marts grant select on tables to bi_reader;
grant select on all tables in schema staging, core, marts to auditor, publisher;
grant usage on schema staging, core, marts to auditor, publisher;

-- auditor: verdicts, and the state of the loads that they refuse
grant insert, delete on ops.verdicts to auditor;
grant insert on ops.verdict_cells to auditor;
grant usage on all sequences in schema ops to auditor;
grant update (state, state_reason) on ops.loads to auditor;

-- publisher: the ledger, and the planner's statistics after a night's loads
alter default privileges for role transformer in schema core grant maintain on tables to publisher; -- noqa: PRS
grant maintain on all tables in schema core to publisher; -- noqa: PRS
grant maintain on ops.loads, ops.published_loads to publisher; -- noqa: PRS
grant insert, update on ops.releases to publisher;
grant insert on ops.release_batches, ops.release_approvals to publisher;
grant insert on ops.release_changes, ops.release_change_loads to publisher;
grant insert, update, delete on ops.published_loads to publisher;
grant update (releases) on ops.open_loads to publisher;
grant update on ops.loads, ops.batches to publisher;
grant update (accepted_at) on ops.reference_deliveries to publisher;
grant execute on function ops.discard_list(bigint, text) to publisher;

-- pruner: deletes nothing by itself; the function knows what must stay
grant execute on function ops.prune_loads(bigint []), ops.prune_release(integer) to pruner;
grant update (pruned_at) on ops.loads, ops.releases to pruner;
grant update (copy_sha256) on ops.releases to pruner;

-- teller: reads what was found, and notes whom it told
grant usage on schema raw to teller;
grant select on all tables in schema raw to teller;
grant insert, update on ops.feedback to teller;

grant usage on schema marts to bi_reader;
grant select on all tables in schema marts to bi_reader;
