/* mongo_stream.c: sockets for the driver that obey a session's deadline and cancellation */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/mongo.h"

#define SLICE 100                    /* milliseconds between two looks at cancelled */
#define STREAM_TYPE 100              /* none of the driver's own */

struct wire {
	mongoc_stream_t base;        /* first: the driver knows only this */
	struct drvp_mongo_line *line;
	int fd;
	int error;                   /* errno of the latest call that did not succeed */
};

static int give_up(struct drvp_mongo_line *line, int status, const char *reason)
{
	line->status = status;
	line->reason = reason;
	return -1;
}

/*
 * Waits until one of the descriptors is ready: their number, or 0 at expire, or -1 when the line
 * gives up.
 */
static int wait_for(struct drvp_mongo_line *line, struct pollfd *fds, size_t count, int64_t expire)
{
	for (;;) {
		int64_t now = drvp_monotonic();
		int64_t left = (expire < line->deadline ? expire : line->deadline) - now;
		int stop = line->limits ? drvp_limits_stop(line->limits) : 0, slice, ready;

		if (stop)
			return give_up(line, stop, drvp_limits_stop_text(stop));
		if (now >= line->deadline)
			return give_up(line, DRV_E_TIMEOUT, "no answer within the time limit");
		slice = left <= 0 ? 0 : left > SLICE * 1000 ? SLICE : (int)(left / 1000) + 1;
		ready = poll(fds, (nfds_t)count, slice);
		if (ready > 0)
			return ready;
		if (ready < 0 && errno != EINTR)
			return give_up(line, DRV_E_CONNECT, "waiting for the network failed");
		if (now >= expire)
			return 0;
	}
}

static int64_t expire_at(int32_t timeout_ms)
{
	return timeout_ms < 0 ? INT64_MAX : drvp_monotonic() + (int64_t)timeout_ms * 1000;
}

/* Sets what should_retry() and timed_out() will answer; always -1. */
static ssize_t fails_with(struct wire *wire, int error)
{
	errno = wire->error = error;
	return -1;
}

/* Whether the socket may be tried again; otherwise the error is set. */
static bool try_again(struct wire *wire, short events, int32_t timeout_ms, int64_t expire)
{
	struct pollfd fd = { wire->fd, events, 0 };
	int ready;

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		give_up(wire->line, DRV_E_CONNECT, "the connection broke");
		fails_with(wire, ECONNRESET);
		return false;
	}
	if (timeout_ms == 0) {
		fails_with(wire, EAGAIN);
		return false;
	}
	ready = wait_for(wire->line, &fd, 1, expire);
	if (ready == 0)
		give_up(wire->line, DRV_E_TIMEOUT, "no answer within the time limit of the URI");
	if (ready <= 0)
		fails_with(wire, ETIMEDOUT);
	return ready > 0;
}

static ssize_t wire_readv(mongoc_stream_t *stream, mongoc_iovec_t *iov, size_t count,
			  size_t enough, int32_t timeout_ms)
{
	struct wire *wire = (struct wire *)stream;
	int64_t expire = expire_at(timeout_ms);
	size_t total = 0, done = 0, i = 0;

	wire->error = 0;
	while (i < count) {
		ssize_t got = recv(wire->fd, (char *)iov[i].iov_base + done,
				   iov[i].iov_len - done, MSG_DONTWAIT);

		if (got == 0 && done < iov[i].iov_len) {
			give_up(wire->line, DRV_E_CONNECT, "the server closed the connection");
			errno = 0;
			return enough ? fails_with(wire, ECONNRESET) : 0;
		}
		if (got < 0) {
			if (total > 0 && total >= enough)
				break;
			if (!try_again(wire, POLLIN, timeout_ms, expire))
				return -1;
			continue;
		}
		total += (size_t)got;
		done += (size_t)got;
		if (done == iov[i].iov_len) {
			done = 0;
			i++;
		} else if (total >= enough) {
			break;
		}
	}
	return (ssize_t)total;
}

static ssize_t wire_writev(mongoc_stream_t *stream, mongoc_iovec_t *iov, size_t count,
			   int32_t timeout_ms)
{
	struct wire *wire = (struct wire *)stream;
	int64_t expire = expire_at(timeout_ms);
	size_t total = 0, done = 0, i = 0;

	wire->error = 0;
	while (i < count) {
		int more = i + 1 < count ? MSG_MORE : 0;
		ssize_t sent = send(wire->fd, (const char *)iov[i].iov_base + done,
				    iov[i].iov_len - done, MSG_DONTWAIT | MSG_NOSIGNAL | more);

		if (sent < 0) {
			if (!try_again(wire, POLLOUT, timeout_ms, expire))
				return total ? (ssize_t)total : -1;
			continue;
		}
		total += (size_t)sent;
		done += (size_t)sent;
		if (done == iov[i].iov_len) {
			done = 0;
			i++;
		}
	}
	return (ssize_t)total;
}

/* A line that gives up shows as an error on all streams, which ends the driver's wait at once. */
static ssize_t wire_poll(mongoc_stream_poll_t *streams, size_t count, int32_t timeout_ms)
{
	struct pollfd *fds = calloc(count ? count : 1, sizeof *fds);
	int ready;

	if (!fds)
		return -1;
	for (size_t i = 0; i < count; i++) {
		fds[i].fd = ((struct wire *)streams[i].stream)->fd;
		fds[i].events = (short)streams[i].events;
	}
	ready = wait_for(((struct wire *)streams[0].stream)->line, fds, count,
			 expire_at(timeout_ms));
	for (size_t i = 0; i < count; i++)
		streams[i].revents = ready < 0 ? POLLERR : fds[i].revents;
	free(fds);
	return ready < 0 ? (ssize_t)count : ready;
}

static int wire_close(mongoc_stream_t *stream)
{
	struct wire *wire = (struct wire *)stream;
	int fd = wire->fd;

	wire->fd = -1;
	return fd < 0 ? 0 : close(fd);
}

static void wire_destroy(mongoc_stream_t *stream)
{
	wire_close(stream);
	free(stream);
}

static int wire_flush(mongoc_stream_t *stream)
{
	(void)stream;
	return 0;
}

static int wire_setsockopt(mongoc_stream_t *stream, int level, int name, void *value,
			   mongoc_socklen_t len)
{
	return setsockopt(((struct wire *)stream)->fd, level, name, value, len);
}

static bool wire_check_closed(mongoc_stream_t *stream)
{
	char byte;
	ssize_t got = recv(((struct wire *)stream)->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

static bool wire_timed_out(mongoc_stream_t *stream)
{
	return ((struct wire *)stream)->error == ETIMEDOUT;
}

static bool wire_should_retry(mongoc_stream_t *stream)
{
	return ((struct wire *)stream)->error == EAGAIN;
}

/* Takes over fd, also when it fails. */
static mongoc_stream_t *wire_new(struct drvp_mongo_line *line, int fd)
{
	struct wire *wire = calloc(1, sizeof *wire);

	if (!wire) {
		close(fd);
		give_up(line, DRV_E_NOMEM, "out of memory");
		return NULL;
	}
	wire->line = line;
	wire->fd = fd;
	wire->base.type = STREAM_TYPE;
	wire->base.destroy = wire_destroy;
	wire->base.failed = wire_destroy;
	wire->base.close = wire_close;
	wire->base.flush = wire_flush;
	wire->base.readv = wire_readv;
	wire->base.writev = wire_writev;
	wire->base.setsockopt = wire_setsockopt;
	wire->base.check_closed = wire_check_closed;
	wire->base.poll = wire_poll;
	wire->base.timed_out = wire_timed_out;
	wire->base.should_retry = wire_should_retry;
	return &wire->base;
}

/* A connected socket, or -1. */
static int connect_to(struct drvp_mongo_line *line, const struct sockaddr *address, socklen_t len,
		      int64_t expire)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd ready = { fd, POLLOUT, 0 };
	int error = 0, waited;
	socklen_t error_len = sizeof error;

	if (fd < 0)
		return give_up(line, DRV_E_CONNECT, "no socket could be made");
	if (connect(fd, address, len) == 0)
		return fd;
	if (errno == EINPROGRESS) {
		waited = wait_for(line, &ready, 1, expire);
		if (waited == 0)
			give_up(line, DRV_E_TIMEOUT, "no connection within the time limit");
		else if (waited > 0 &&
			 getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == 0 && !error)
			return fd;
		else if (waited > 0)
			give_up(line, DRV_E_CONNECT, "the connection was refused");
	} else {
		give_up(line, DRV_E_CONNECT, "the connection was refused");
	}
	close(fd);
	return -1;
}

static int connect_unix(struct drvp_mongo_line *line, const char *path, int64_t expire)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path)
		return give_up(line, DRV_E_USAGE, "the path of the socket is too long");
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect_to(line, (const struct sockaddr *)&address, sizeof address, expire);
}

static int connect_tcp(struct drvp_mongo_line *line, const mongoc_host_list_t *host, int64_t expire)
{
	struct addrinfo hints = { .ai_family = host->family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char port[8];
	int fd = -1, on = 1;

	snprintf(port, sizeof port, "%u", (unsigned)host->port);
	if (getaddrinfo(host->host, port, &hints, &found) != 0)
		return give_up(line, DRV_E_CONNECT, "the host name was not found");
	for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next)
		fd = connect_to(line, at->ai_addr, at->ai_addrlen, expire);
	freeaddrinfo(found);
	if (fd >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	}
	return fd;
}

static bool wants_tls(const mongoc_uri_t *uri)
{
	const char *mechanism = mongoc_uri_get_auth_mechanism(uri);

	return mongoc_uri_get_tls(uri) || (mechanism && strcmp(mechanism, "MONGODB-X509") == 0);
}

/* What a driver above OpenSSL says of a certificate holds OpenSSL's number of what is wrong. */
static const char *why_untrusted(const char *message)
{
	static const char before[] = "certificate verify failed (";
	const char *number = strstr(message, before);

	switch (number ? strtol(number + strlen(before), NULL, 10) : 0) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "the server's certificate has expired; renew it";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "the server's certificate is not valid yet; look at the clocks";
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "the server's certificate is not for the name in the URI; connect by the name "
		       "that it holds";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "the server's certificate is not signed by a known authority; name the file with "
		       "that of its authority as tlsCAFile";
	default:
		return "TLS could not be agreed: does the server speak it, and is its certificate for "
		       "this name and from a known authority (tlsCAFile)?";
	}
}

/* Puts TLS above a stream, with the URI's options. Takes over plain, also when it fails. */
static mongoc_stream_t *secure(mongoc_stream_t *plain, const mongoc_uri_t *uri, const char *host,
			       struct drvp_mongo_line *line, int64_t expire)
{
	bool insecure = mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSINSECURE, false);
	mongoc_ssl_opt_t options = *mongoc_ssl_opt_get_default();
	mongoc_stream_t *stream;
	bson_error_t error;
	int64_t left;

	options.pem_file = mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCERTIFICATEKEYFILE,
							 NULL);
	options.pem_pwd = mongoc_uri_get_option_as_utf8(
		uri, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD, NULL);
	options.ca_file = mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCAFILE, NULL);
	options.weak_cert_validation = mongoc_uri_get_option_as_bool(
		uri, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, insecure);
	options.allow_invalid_hostname = mongoc_uri_get_option_as_bool(
		uri, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES, insecure);
	stream = mongoc_stream_tls_new_with_hostname(plain, host, &options, 1);
	if (!stream) {
		mongoc_stream_destroy(plain);
		give_up(line, DRV_E_CONNECT,
			"TLS cannot be set up: look at tlsCAFile and tlsCertificateKeyFile");
		return NULL;
	}
	left = (expire - drvp_monotonic()) / 1000;
	if (!mongoc_stream_tls_handshake_block(stream, host, left > 0 ? (int32_t)left : 1,
					       &error)) {
		mongoc_stream_destroy(stream);
		if (line->status == DRV_E_TIMEOUT)
			give_up(line, DRV_E_TIMEOUT, "no answer to TLS within the time limit; does the "
				"server speak it?");
		if (!line->status)
			give_up(line, DRV_E_CONNECT, why_untrusted(error.message));
		return NULL;
	}
	return stream;
}

mongoc_stream_t *drvp_mongo_dial(const mongoc_uri_t *uri, const mongoc_host_list_t *host,
				 void *user, bson_error_t *error)
{
	struct drvp_mongo_line *line = user;
	int64_t expire = drvp_monotonic() + line->dial_limit;
	mongoc_stream_t *stream = NULL;
	int fd = -1;

	if (line->sealed) {
		/* Not a failure of the line: the driver may only be looking for other members. */
		bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT, "sealed");
		return NULL;
	}
	if (host->family == AF_UNIX)
		fd = connect_unix(line, host->host, expire);
	else
		fd = connect_tcp(line, host, expire);
	if (fd >= 0)
		stream = wire_new(line, fd);
	if (stream && wants_tls(uri)) {
		line->status = 0;
		stream = secure(stream, uri, host->host, line, expire);
	}
	if (stream)
		stream = drvp_mongo_frame(stream, line);
	if (!stream)
		bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT, "%s",
			       line->reason ? line->reason : "no connection");
	return stream;
}
