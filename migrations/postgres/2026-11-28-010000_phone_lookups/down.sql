DROP TABLE phone_lookups;
