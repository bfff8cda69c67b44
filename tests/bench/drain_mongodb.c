/* drain_mongodb.c: the reference for benchmarks: reads a collection and throws it away */
#include <mongoc/mongoc.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	unsigned long long bytes = 0;
	mongoc_client_t *client;
	mongoc_collection_t *collection;
	mongoc_cursor_t *cursor;
	const bson_t *document;
	bson_t all = BSON_INITIALIZER;
	bson_error_t error;
	int status = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: drain_mongodb URI DATABASE COLLECTION\n");
		return 2;
	}
	mongoc_init();
	mongoc_log_set_handler(NULL, NULL);
	client = mongoc_client_new(argv[1]);
	if (!client)
		return 2;
	collection = mongoc_client_get_collection(client, argv[2], argv[3]);
	cursor = mongoc_collection_find_with_opts(collection, &all, NULL, NULL);
	while (mongoc_cursor_next(cursor, &document))
		bytes += document->len;
	if (mongoc_cursor_error(cursor, &error)) {
		fprintf(stderr, "drain_mongodb: %s\n", error.message);
		status = 1;
	}
	printf("%llu bytes\n", bytes);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(collection);
	mongoc_client_destroy(client);
	mongoc_cleanup();
	return status;
}
