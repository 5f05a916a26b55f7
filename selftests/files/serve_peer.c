// SPDX-License-Identifier: GPL-2.0
/*
 * A client of 'kcsd serve' that does not behave. Used by file_serve.sh.
 *
 *	serve_peer SOCKET pass KIND PATH	pass PATH opened as KIND (read, write, path) in a
 *						request that is valid otherwise
 *	serve_peer SOCKET files SAID PASSED PATH	pass another number of files than is said
 *	serve_peer SOCKET late PATH		pass another file behind the header
 *	serve_peer SOCKET stall BYTES PATH	send this many bytes of a request, then nothing
 *	serve_peer SOCKET flags FLAGS OUT_LEN PATH	send these two fields
 *	serve_peer SOCKET deaf IMAGE PATH [NR]	run an image with cparam1 = 16000000, read no
 *						reply; with NR: on so many connections, with output
 *						as it is emitted
 *	serve_peer SOCKET activate COMMAND...	execute a command with SOCKET, listening, as systemd
 *						does: LISTEN_FDS
 *	serve_peer SOCKET hold NR		keep NR connections open until it is killed
 *	serve_peer SOCKET short NR		open and close NR connections
 *	serve_peer SOCKET linger NR		open NR connections with a TCP socket sent in each,
 *						whose last close waits; the service must be stopped
 *	serve_peer SOCKET fuzz SEED NR PATH	send NR requests with errors
 *
 * Prints the status and the sentence of the service ("-EINVAL" is printed as a number), and the
 * seconds to it for stall. Exit status: 0 the service followed the protocol, 1 it did not, 2 wrong
 * usage.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <libkcsd/serve_wire.h>

#define MAX_PASSED	253
#define IMAGE_LEN	16		/* two instructions */
#define MAX_BODY	4096
#define PATIENCE_S	60		/* with the service */

/* r0 = 0; exit */
static const uint8_t image[IMAGE_LEN] = { 0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95 };

static const char *path_of_socket;

/* One request: its bytes and its descriptors. */
struct request {
	uint8_t bytes[sizeof(struct kcsd_serve_request) + MAX_BODY];
	size_t len;
	int nr_fds;
	int fds[MAX_PASSED];
};

static int usage(void)
{
	fprintf(stderr, "usage: serve_peer SOCKET pass|files|flags|late|stall|deaf|activate|hold|short|linger|fuzz ...\n");
	return 2;
}

static int connect_to(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(addr.sun_path, path_of_socket, sizeof(addr.sun_path) - 1);
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr))) {
		perror(path_of_socket);
		exit(1);
	}
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return sock;
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

/* Make a valid request for nr files, all of them fd. */
static void make_request(struct request *r, int nr, int fd)
{
	struct kcsd_serve_request head = {
		.magic = htole32(KCSD_SERVE_MAGIC),
		.version = htole32(KCSD_SERVE_VERSION),
		.size = htole32(sizeof(head)),
		.nr_files = htole32(nr),
		.image_len = htole32(IMAGE_LEN),
	};
	int i;

	memset(r, 0, sizeof(*r));
	memcpy(r->bytes, &head, sizeof(head));
	memcpy(r->bytes + sizeof(head), image, IMAGE_LEN);
	r->len = sizeof(head) + IMAGE_LEN;
	r->nr_fds = nr;
	for (i = 0; i < nr; i++)
		r->fds[i] = fd;
}

/* Send bytes with descriptors. The service may have refused already. */
static void send_part(int sock, const void *bytes, size_t len, const int *fds, int nr)
{
	char control[CMSG_SPACE(MAX_PASSED * sizeof(int))] __attribute__((aligned(8))) = {};
	struct iovec iov = { (void *)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *head;

	if (nr) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(head), fds, nr * sizeof(int));
	}
	sendmsg(sock, &msg, MSG_NOSIGNAL);
}

static void send_request(int sock, const struct request *r)
{
	size_t head = sizeof(struct kcsd_serve_request);

	if (r->len < head)
		head = r->len;
	send_part(sock, r->bytes, head, r->fds, r->nr_fds);
	if (r->len > head)
		send(sock, r->bytes + head, r->len - head, MSG_NOSIGNAL);
}

/* Returns 1, 0 at the end of the connection, or -1 if it ends within the bytes. */
static int receive(int sock, void *to, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = recv(sock, (char *)to + have, len - have, 0);
		if (n <= 0)
			return have || (n && errno == EAGAIN) ? -1 : 0;
		have += n;
	}
	return 1;
}

/* Take a reply. Returns 0 if it follows the protocol; a service may also just hang up. */
static int take_reply(int sock, bool print)
{
	static char bytes[KCSD_SERVE_MAX_FRAME + 1];
	struct kcsd_serve_frame frame;
	struct kcsd_serve_end *end = (void *)bytes;
	uint32_t type = 0, len;
	int ret;

	while ((ret = receive(sock, &frame, sizeof(frame))) > 0) {
		type = le32toh(frame.type);
		len = le32toh(frame.len);
		if (len > KCSD_SERVE_MAX_FRAME || !type || type > KCSD_SERVE_LOG)
			return 1;
		if (len && receive(sock, bytes, len) <= 0)
			return 1;
		bytes[len] = '\0';
		if (print && type == KCSD_SERVE_MESSAGE)
			printf("%s\n", bytes);
		if (print && type == KCSD_SERVE_END)
			printf("status %d\n", (int)le32toh(end->status));
	}
	return ret < 0 || (print && type != KCSD_SERVE_END);
}

static int talk(const struct request *r)
{
	int sock = connect_to(), ret;

	send_request(sock, r);
	ret = take_reply(sock, true);
	close(sock);
	return ret;
}

static int pass(const char *kind, const char *path)
{
	struct request r;
	int flags = !strcmp(kind, "write") ? O_WRONLY : !strcmp(kind, "path") ? O_PATH :
		    O_RDONLY | O_NONBLOCK;

	make_request(&r, 1, open_file(path, flags));
	return talk(&r);
}

static int files(int said, int passed, const char *path)
{
	struct kcsd_serve_request *head;
	struct request r;

	make_request(&r, passed, open_file(path, O_RDONLY));
	head = (void *)r.bytes;
	head->nr_files = htole32(said);
	return talk(&r);
}

static int late(const char *path)
{
	struct request r;
	int sock = connect_to(), fd = open_file(path, O_RDONLY);

	make_request(&r, 1, fd);
	send_part(sock, r.bytes, r.len - 1, r.fds, 1);
	usleep(200000);
	send_part(sock, r.bytes + r.len - 1, 1, r.fds, 1);
	return take_reply(sock, true);
}

static int stall(size_t len, const char *path)
{
	struct request r;
	int sock = connect_to(), ret;
	time_t start = time(NULL);

	make_request(&r, 1, open_file(path, O_RDONLY));
	r.len = len;
	send_request(sock, &r);
	ret = take_reply(sock, true);
	printf("seconds %ld\n", (long)(time(NULL) - start));
	return ret;
}

static int flags(uint32_t value, uint32_t out_len, const char *path)
{
	struct kcsd_serve_request *head;
	struct request r;

	make_request(&r, 1, open_file(path, O_RDONLY));
	head = (void *)r.bytes;
	head->flags = htole32(value);
	head->out_len = htole32(out_len);
	return talk(&r);
}

static int deaf(const char *program, const char *path, int nr)
{
	static uint8_t bytes[1 << 20];
	struct kcsd_serve_request *head;
	struct request r;
	ssize_t len = read(open_file(program, O_RDONLY), bytes, sizeof(bytes));
	int i, sock;

	make_request(&r, 1, open_file(path, O_RDONLY));
	head = (void *)r.bytes;
	head->image_len = htole32(len);
	head->flags = htole32(nr ? KCSD_SERVE_STREAM : 0);
	head->out_len = htole32(nr ? 0 : KCSD_SERVE_MAX_OUT);
	head->cparam1 = htole64(16000000);
	r.len = sizeof(*head);
	for (i = 0; i < nr || !i; i++) {
		sock = connect_to();
		send_request(sock, &r);
		send(sock, bytes, len, MSG_NOSIGNAL);
	}
	puts("sent");
	fflush(stdout);
	pause();
	return 0;
}

static int activate(char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);
	char pid[16];

	strncpy(addr.sun_path, path_of_socket, sizeof(addr.sun_path) - 1);
	if (bind(sock, (struct sockaddr *)&addr, sizeof(addr)) || chmod(path_of_socket, 0666) ||
	    listen(sock, 8) || (sock != 3 && dup2(sock, 3) < 0)) {
		perror(path_of_socket);
		return 1;
	}
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	execvp(*argv, argv);
	perror(*argv);
	return 1;
}

static int hold(int nr)
{
	while (nr--)
		connect_to();
	puts("held");
	fflush(stdout);
	pause();
	return 0;
}

/* Return a TCP socket with bytes that its peer does not receive. Its last close waits. */
static int lingering(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	static const struct linger linger = { .l_onoff = 1, .l_linger = PATIENCE_S };
	static const char bytes[65536];
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(addr);

	if (bind(listener, (struct sockaddr *)&addr, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) ||
	    connect(fd, (struct sockaddr *)&addr, len) ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger))) {
		perror("TCP");
		exit(1);
	}
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	return fd;
}

static int linger(int nr)
{
	int sock, fd;

	while (nr--) {
		sock = connect_to();
		fd = lingering();
		send_part(sock, "x", 1, &fd, 1);
		close(fd);
	}
	puts("sent");
	fflush(stdout);
	pause();
	return 0;
}

static int short_ones(int nr)
{
	while (nr--)
		close(connect_to());
	return 0;
}

/* ---- errors of every kind ---- */

static uint64_t random_state;

static uint32_t draw(uint32_t below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % below;
}

static void flip_bits(struct request *r)
{
	int nr = 1 + draw(8);

	while (nr--)
		r->bytes[draw(r->len)] ^= 1 << draw(8);
}

/* Put a number that is at a limit into a field of the header. */
static void set_field(struct request *r)
{
	static const uint32_t numbers[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 128, 129,
					    16 << 20, (16 << 20) + 1, 65536, 65537 };
	uint32_t field = draw(sizeof(struct kcsd_serve_request) / 4);
	uint32_t number = numbers[draw(sizeof(numbers) / sizeof(numbers[0]))];

	number = htole32(number);
	memcpy(r->bytes + 4 * field, &number, 4);
}

static void change(struct request *r, const int *kinds, int nr_kinds)
{
	int i;

	switch (draw(6)) {
	case 0:
		r->len = 1 + draw(r->len);
		break;
	case 1:
		flip_bits(r);
		break;
	case 2:
		set_field(r);
		break;
	case 3:
		r->nr_fds = draw(MAX_PASSED + 1);
		for (i = 0; i < r->nr_fds; i++)
			r->fds[i] = kinds[draw(nr_kinds)];
		break;
	case 4:
		r->len = 1 + draw(sizeof(r->bytes));
		for (i = 0; i < (int)r->len; i++)
			r->bytes[i] = draw(256);
		break;
	case 5:
		for (i = 0; i < r->nr_fds; i++)
			r->fds[i] = kinds[draw(nr_kinds)];
		break;
	}
}

static int fuzz(uint64_t seed, int nr, const char *path)
{
	int pipes[2] = {}, pair[2] = {}, ret = 0, i, j, sock;
	struct request r;

	if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 1;
	const int kinds[] = { open_file(path, O_RDONLY), open_file(path, O_PATH), pipes[0],
			      pipes[1], pair[0], open_file("/dev/null", O_RDONLY),
			      open_file("/", O_RDONLY), open_file("/proc/self/mem", O_RDONLY) };

	for (i = 0; !ret && i < nr; i++) {
		random_state = seed * 1000003 + i;
		make_request(&r, 1 + draw(3), kinds[0]);
		for (j = draw(3); j >= 0; j--)
			change(&r, kinds, sizeof(kinds) / sizeof(kinds[0]));
		sock = connect_to();
		send_request(sock, &r);
		/* Else the service waits for the rest of a request that is cut. */
		if (draw(4))
			shutdown(sock, SHUT_WR);
		else
			ret = -1;
		ret = ret ? 0 : take_reply(sock, false);
		close(sock);
	}
	if (ret)
		printf("seed %llu, request %d: no proper reply\n", (unsigned long long)seed, i - 1);
	return ret;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 2 ? argv[2] : "";

	if (argc < 4)
		return usage();
	path_of_socket = argv[1];
	if (!strcmp(mode, "pass") && argc == 5)
		return pass(argv[3], argv[4]);
	if (!strcmp(mode, "files") && argc == 6)
		return files(atoi(argv[3]), atoi(argv[4]), argv[5]);
	if (!strcmp(mode, "late"))
		return late(argv[3]);
	if (!strcmp(mode, "stall") && argc == 5)
		return stall(atoi(argv[3]), argv[4]);
	if (!strcmp(mode, "flags") && argc == 6)
		return flags(atoi(argv[3]), atoi(argv[4]), argv[5]);
	if (!strcmp(mode, "deaf") && argc >= 5)
		return deaf(argv[3], argv[4], argc > 5 ? atoi(argv[5]) : 0);
	if (!strcmp(mode, "activate"))
		return activate(argv + 3);
	if (!strcmp(mode, "hold"))
		return hold(atoi(argv[3]));
	if (!strcmp(mode, "linger"))
		return linger(atoi(argv[3]));
	if (!strcmp(mode, "short"))
		return short_ones(atoi(argv[3]));
	if (!strcmp(mode, "fuzz") && argc == 6)
		return fuzz(strtoull(argv[3], NULL, 0), atoi(argv[4]), argv[5]);
	return usage();
}
