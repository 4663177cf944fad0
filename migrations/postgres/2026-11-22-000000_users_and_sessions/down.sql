DROP TABLE merge_candidates;
DROP TABLE sessions;
DROP TABLE union_ids;
DROP TABLE identities;
DROP TABLE users;
