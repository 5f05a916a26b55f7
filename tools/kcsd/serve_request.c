// SPDX-License-Identifier: GPL-2.0
/* Receive the request of a client. Every byte of it is hostile. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve.h"

#define MAX_PASSED	253	/* descriptors that one message can have: SCM_MAX_FD */

static int fail(struct kcsd_error *err, int ret, const char *text)
{
	snprintf(err->text, sizeof(err->text), "%s", text);
	return ret;
}

/* Take the descriptors of a message; close those for which there is no place. */
static int take_fds(struct serve_request *r, struct msghdr *msg, struct kcsd_error *err)
{
	struct cmsghdr *head;
	bool extra = false;
	size_t i, nr;
	int fd;

	for (head = CMSG_FIRSTHDR(msg); head; head = CMSG_NXTHDR(msg, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
			continue;
		nr = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < nr; i++) {
			memcpy(&fd, CMSG_DATA(head) + i * sizeof(fd), sizeof(fd));
			if (r->nr_fds < KCSD_SERVE_MAX_FILES) {
				r->fds[r->nr_fds++] = fd;
			} else {
				close(fd);
				extra = true;
			}
		}
	}
	if (extra || msg->msg_flags & MSG_CTRUNC)
		return fail(err, -EPROTO, "request: more files than a request can have");
	return 0;
}

/* Receive up to len bytes, with the descriptors that come along. Return the bytes, or -errno. */
static ssize_t receive_some(int sock, void *to, size_t len, struct serve_request *r,
			    struct kcsd_error *err)
{
	char control[CMSG_SPACE(MAX_PASSED * sizeof(int))]
		__attribute__((aligned(__alignof__(struct cmsghdr))));
	struct iovec iov = { to, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	int ret;

	if (n < 0 && errno == EAGAIN)
		return fail(err, -ETIMEDOUT, "request: no byte came for too long");
	if (n < 0)
		return fail(err, -errno, "request: the connection has failed");
	ret = take_fds(r, &msg, err);
	if (ret)
		return ret;
	return n ? n : fail(err, -ECONNRESET, "request: it ends too early");
}

static int receive(int sock, void *to, size_t len, struct serve_request *r, struct kcsd_error *err)
{
	ssize_t n;

	for (; len; to = (char *)to + n, len -= n) {
		n = receive_some(sock, to, len, r, err);
		if (n < 0)
			return n;
	}
	return 0;
}

static int validate(const struct serve_request *r, struct kcsd_error *err)
{
	static const uint8_t zero[sizeof(r->head.rsvd)];
	const struct kcsd_serve_request *h = &r->head;

	if (le32toh(h->magic) != KCSD_SERVE_MAGIC)
		return fail(err, -EPROTO, "request: it is none of kcsd");
	if (le32toh(h->version) != KCSD_SERVE_VERSION || le32toh(h->size) != sizeof(*h))
		return fail(err, -EPROTONOSUPPORT, "request: it is of another version of kcsd");
	if (le32toh(h->flags) & ~KCSD_SERVE_STREAM || memcmp(h->rsvd, zero, sizeof(zero)))
		return fail(err, -EINVAL, "request: a reserved field is not 0");
	if (!h->nr_files || le32toh(h->nr_files) > KCSD_SERVE_MAX_FILES)
		return fail(err, -EINVAL, "request: an impossible number of files");
	if (!h->image_len || le32toh(h->image_len) > KCSD_SERVE_MAX_IMAGE)
		return fail(err, -EINVAL, "request: an impossible length of the program");
	if (le32toh(h->args_len) > KCSD_MAX_ARGS)
		return fail(err, -EINVAL, "request: an impossible length of the argument");
	if (le32toh(h->out_len) > (kcsd_serve_streams(r) ? 0 : KCSD_SERVE_MAX_OUT))
		return fail(err, -EINVAL, "request: an impossible length of the output");
	if (le32toh(h->nr_files) != r->nr_fds)
		return fail(err, -EINVAL, "request: it came with another number of files");
	return 0;
}

static int receive_part(int sock, uint8_t **part, uint32_t len, struct serve_request *r,
			struct kcsd_error *err)
{
	*part = malloc(len + 1);
	return *part ? receive(sock, *part, len, r, err) : fail(err, -ENOMEM, "out of memory");
}

int kcsd_serve_receive(int sock, struct serve_request *r, struct kcsd_error *err)
{
	uint32_t nr_fds;
	int ret;

	*r = (struct serve_request){};
	ret = receive(sock, &r->head, sizeof(r->head), r, err);
	if (!ret)
		ret = validate(r, err);
	if (ret)
		return ret;
	nr_fds = r->nr_fds;
	r->image_len = le32toh(r->head.image_len);
	r->args_len = le32toh(r->head.args_len);
	ret = receive_part(sock, &r->image, r->image_len, r, err);
	if (!ret)
		ret = receive_part(sock, &r->args, r->args_len, r, err);
	if (!ret && r->nr_fds != nr_fds)
		ret = fail(err, -EPROTO, "request: files came behind the header");
	return ret;
}

void kcsd_serve_request_free(struct serve_request *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_fds; i++)
		close(r->fds[i]);
	free(r->image);
	free(r->args);
	*r = (struct serve_request){};
}
