/* responder.h: a scripted server that speaks enough of the MongoDB wire protocol to misbehave */
#ifndef TEST_RESPONDER_H
#define TEST_RESPONDER_H

#include <bson/bson.h>
#include <stdatomic.h>
#include <stdbool.h>

struct responder;

/* One command that a client sent. Valid during one call of the script. */
struct exchange {
	struct responder *responder;
	int fd;
	int32_t request_id;
	bool legacy;                 /* came as OP_QUERY, as the first handshake does */
	const bson_t *command;
	const char *name;            /* of the command: "find" */
};

/* Answers a command; runs on a thread of its connection. False closes the connection. */
typedef bool (*responder_fn)(struct exchange *exchange, void *user);

/* Listens on a free port of the loopback interface. NULL: never answers, not even a handshake. */
struct responder *responder_start(responder_fn fn, void *user);

/* Closes all connections, and returns when no thread of it runs any more. */
void responder_stop(struct responder **responder);

unsigned responder_port(const struct responder *responder);

/* How many connections were made so far. */
unsigned responder_connections(const struct responder *responder);

/* The way a script answers. */
bool responder_reply(struct exchange *exchange, const bson_t *document);

/* As responder_reply(), with length bytes of document that may be no BSON at all. announced, when
 * not 0, is put in place of the message length. */
bool responder_reply_raw(struct exchange *exchange, const uint8_t *document, size_t len,
			 int32_t announced);

/* Sleeps, but not longer than the responder runs; false when it was stopped. */
bool responder_sleep(struct exchange *exchange, int milliseconds);

#endif
