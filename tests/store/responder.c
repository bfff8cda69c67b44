/* responder.c: a scripted server that speaks enough of the MongoDB wire protocol to misbehave */
#include "responder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OP_REPLY 1
#define OP_QUERY 2004
#define OP_MSG 2013
#define CONNECTIONS_MAX 64
#define MESSAGE_MAX (48 << 20)

struct connection {
	struct responder *responder;
	pthread_t thread;
	int fd;
};

struct responder {
	responder_fn fn;
	void *user;
	int listener;
	unsigned port;
	pthread_t acceptor;
	atomic_bool stopping;
	atomic_uint count;
	struct connection connections[CONNECTIONS_MAX];
};

static bool receive(int fd, void *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = recv(fd, (char *)bytes + done, len - done, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static bool deliver(int fd, const void *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t sent = send(fd, (const char *)bytes + done, len - done, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		done += (size_t)sent;
	}
	return true;
}

static int32_t read_int(const uint8_t *at)
{
	int32_t number;

	memcpy(&number, at, sizeof number);
	return number;
}

bool responder_reply_raw(struct exchange *x, const uint8_t *document, size_t len,
			 int32_t announced)
{
	/* Header; flags, cursor, position, count of OP_REPLY; or flags and section kind. */
	uint8_t head[36] = { 0 };
	size_t head_len = x->legacy ? 36 : 21;
	int32_t fields[4] = { announced ? announced : (int32_t)(head_len + len), 1, x->request_id,
			      x->legacy ? OP_REPLY : OP_MSG };

	uint8_t *message = malloc(head_len + len);
	bool sent;

	if (!message)
		abort();
	memcpy(head, fields, sizeof fields);
	if (x->legacy)
		head[32] = 1;
	memcpy(message, head, head_len);
	memcpy(message + head_len, document, len);
	sent = deliver(x->fd, message, head_len + len);
	free(message);
	return sent;
}

bool responder_reply(struct exchange *x, const bson_t *document)
{
	return responder_reply_raw(x, bson_get_data(document), document->len, 0);
}

bool responder_sleep(struct exchange *x, int milliseconds)
{
	for (; milliseconds > 0 && !atomic_load(&x->responder->stopping); milliseconds -= 10)
		poll(NULL, 0, 10);
	return !atomic_load(&x->responder->stopping);
}

/* Where the command's document begins in a message without its header; 0: not understood. */
static size_t document_at(const uint8_t *body, size_t len, int32_t opcode)
{
	const uint8_t *end;

	if (opcode == OP_MSG)
		return len > 5 && body[4] == 0 ? 5 : 0;
	if (opcode != OP_QUERY || len < 5)
		return 0;
	end = memchr(body + 4, '\0', len - 4);
	return end && (size_t)(end - body) + 9 < len ? (size_t)(end - body) + 9 : 0;
}

static bool handle(struct connection *connection, const uint8_t *header, const uint8_t *body,
		   size_t len)
{
	struct responder *responder = connection->responder;
	struct exchange x = { .responder = responder, .fd = connection->fd,
			      .request_id = read_int(header + 4),
			      .legacy = read_int(header + 12) == OP_QUERY };
	size_t at = document_at(body, len, read_int(header + 12));
	bson_iter_t iter;
	bson_t command;
	int32_t size;

	if (!at || at + 4 > len)
		return false;
	size = read_int(body + at);
	if (size < 5 || (size_t)size > len - at ||
	    !bson_init_static(&command, body + at, (size_t)size) ||
	    !bson_iter_init(&iter, &command) || !bson_iter_next(&iter))
		return false;
	x.command = &command;
	x.name = bson_iter_key(&iter);
	return responder->fn(&x, responder->user);
}

static void *serve(void *argument)
{
	struct connection *connection = argument;
	uint8_t header[16], byte;
	bool open = true;

	/* A mute server takes what comes and says nothing. */
	while (!connection->responder->fn && receive(connection->fd, &byte, 1))
		;
	while (open && connection->responder->fn &&
	       receive(connection->fd, header, sizeof header)) {
		int32_t len = read_int(header) - 16;
		uint8_t *body = len > 0 && len < MESSAGE_MAX ? malloc((size_t)len) : NULL;

		open = body && receive(connection->fd, body, (size_t)len) &&
		       handle(connection, header, body, (size_t)len);
		free(body);
	}
	shutdown(connection->fd, SHUT_RDWR);
	return NULL;
}

static void *accept_all(void *argument)
{
	struct responder *responder = argument;
	unsigned count = 0;

	while (count < CONNECTIONS_MAX) {
		struct connection *connection = &responder->connections[count];

		connection->responder = responder;
		connection->fd = accept(responder->listener, NULL, NULL);
		if (connection->fd < 0 && errno == EINTR)
			continue;
		if (connection->fd < 0)
			break;
		if (pthread_create(&connection->thread, NULL, serve, connection) != 0) {
			close(connection->fd);
			break;
		}
		atomic_store(&responder->count, ++count);
	}
	return NULL;
}

struct responder *responder_start(responder_fn fn, void *user)
{
	struct responder *responder = calloc(1, sizeof *responder);
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof address;

	if (!responder)
		abort();
	responder->fn = fn;
	responder->user = user;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	responder->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (responder->listener < 0 ||
	    bind(responder->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(responder->listener, 16) != 0 ||
	    getsockname(responder->listener, (struct sockaddr *)&address, &len) != 0 ||
	    pthread_create(&responder->acceptor, NULL, accept_all, responder) != 0)
		abort();
	responder->port = ntohs(address.sin_port);
	return responder;
}

void responder_stop(struct responder **pointer)
{
	struct responder *responder = *pointer;
	unsigned count;

	if (!responder)
		return;
	atomic_store(&responder->stopping, true);
	shutdown(responder->listener, SHUT_RDWR);
	pthread_join(responder->acceptor, NULL);
	count = atomic_load(&responder->count);
	for (unsigned i = 0; i < count; i++)
		shutdown(responder->connections[i].fd, SHUT_RDWR);
	for (unsigned i = 0; i < count; i++) {
		pthread_join(responder->connections[i].thread, NULL);
		close(responder->connections[i].fd);
	}
	close(responder->listener);
	free(responder);
	*pointer = NULL;
}

unsigned responder_port(const struct responder *responder)
{
	return responder->port;
}

unsigned responder_connections(const struct responder *responder)
{
	return atomic_load(&responder->count);
}
