-- The triggers' functions write into the tables of their own schema, whatever the search_path of the
-- session that changes a row: an operator's may name another schema first, or a temporary table of
-- the same name, and that of a replication worker is empty.
DO $$
DECLARE
    own regprocedure;
BEGIN
    FOREACH own IN ARRAY
    ARRAY['announce(uuid, uuid)', 'announce_user()', 'announce_user_of_identity()',
        'announce_session()', 'announce_everything()', 'note_replaced_avatar()']::regprocedure[]
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', own, current_schema());
    END LOOP;
END $$;
