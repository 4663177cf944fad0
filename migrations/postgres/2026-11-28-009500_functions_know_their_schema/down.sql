DO $$
DECLARE
    own regprocedure;
BEGIN
    FOREACH own IN ARRAY
    ARRAY['announce(uuid, uuid)', 'announce_user()', 'announce_user_of_identity()',
        'announce_session()', 'announce_everything()', 'note_replaced_avatar()']::regprocedure[]
    LOOP
        EXECUTE format('ALTER FUNCTION %s RESET search_path', own);
    END LOOP;
END $$;
