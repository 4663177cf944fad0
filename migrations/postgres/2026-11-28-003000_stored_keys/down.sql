DROP TABLE stored_keys;
