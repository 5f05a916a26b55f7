/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kcsd serve: run programs on files for processes that have no right to the drive.
 *
 * The service (serve_clients.c) accepts, counts and ends; it reads nothing of a client. Each
 * connection has a process (serve_client.c) that serves one run: it receives the request
 * (serve_request.c), loads the program (serve_program.c), runs it (serve_run.c) and answers
 * (serve_reply.c). What a process may do is in serve_confine.c.
 */
#ifndef KCSD_SERVE_H
#define KCSD_SERVE_H

#include <endian.h>
#include <sys/types.h>
#include <libkcsd/serve_wire.h>

#include "cmd.h"

#define KCSD_SERVE_REPLY_S	30	/* for a client to take one frame of the reply */

struct serve_limits {
	uint64_t user;		/* connections of a user at once */
	uint64_t total;		/* of all users */
	uint64_t seconds;	/* of one connection */
	uint64_t memory;	/* bytes of one process */
};

#define SERVE_MAX_TOTAL	1024

/* A request, received and validated. */
struct serve_request {
	struct kcsd_serve_request head;	/* as received */
	uint32_t nr_fds;
	int fds[KCSD_SERVE_MAX_FILES];
	uint8_t *image;			/* owned */
	uint32_t image_len;
	uint8_t *args;			/* owned */
	uint32_t args_len;
};

/* True if the client takes output while the run emits it. */
static inline bool kcsd_serve_streams(const struct serve_request *request)
{
	return le32toh(request->head.flags) & KCSD_SERVE_STREAM;
}

/* A program that is loaded for one run. */
struct serve_program {
	struct kcsd_drive *drv;
	uint64_t puid;			/* nobody else's program has it */
	uint32_t pind;
	bool loaded;
};

/*
 * serve_socket.c: take the socket of LISTEN_FDS, or make one at path: *made, which the caller
 * unlinks. Return 0, or the exit code.
 */
int kcsd_serve_listen(const char *path, int *sock, bool *made);

/* serve_confine.c; all return 0 or -errno. */
/* Give up all capabilities that the service does not need, for good. */
int kcsd_serve_confine(void);
/*
 * Act for a user, for good: the drive counts watches and waiting runs for the user who opens its
 * nodes (by fsuid), a filesystem counts a clone in quotas.
 */
int kcsd_serve_become(uid_t uid);
/* Set the limits of a process that serves a client. */
int kcsd_serve_set_limits(const struct serve_limits *limits);

/* serve_clients.c */
/* Serve until a signal comes. Return the exit code. */
int kcsd_serve_clients(int sock, const struct serve_limits *limits);
/* CLOCK_MONOTONIC */
uint64_t kcsd_serve_now_ms(void);

/* serve_client.c: serve one run. Return false if a program may have stayed on a drive. */
bool kcsd_serve_client(int sock, uint64_t puid);

/* serve_request.c: receive a request. Return 0 or -errno; the caller frees it in any case. */
int kcsd_serve_receive(int sock, struct serve_request *request, struct kcsd_error *err);
void kcsd_serve_request_free(struct serve_request *request);

/* serve_program.c */
/* Load and activate the program of a request. Return 0, -errno or a status. */
int kcsd_serve_load(struct serve_program *program, const struct serve_request *request,
		    struct kcsd_error *err);
/* Unload it. Return false if it may still be there. */
bool kcsd_serve_unload(struct serve_program *program);
/* Return the identifier of program number nr of this service. */
uint64_t kcsd_serve_puid(uint32_t nr);
/* Unload the program with this identifier from all drives; 0: those of services that are gone. */
void kcsd_serve_sweep(uint64_t puid);

/*
 * serve_run.c: run the program on the files. Return 0 with the result, which the caller frees, or
 * -errno or a status with a sentence. -ECONNRESET: the client has gone. -EPIPE: a frame of output
 * was not sent, or a part of it: the client can be told no more.
 */
int kcsd_serve_run_once(int sock, const struct serve_program *program,
			const struct serve_request *request, struct kcsd_run_result *result,
			struct kcsd_error *err);

/* serve_log.c */
/* Return the number of the newest entry of the log; UINT64_MAX: it cannot be read. */
uint64_t kcsd_serve_log_seq(const struct serve_program *program);
bool kcsd_serve_failed(const struct kcsd_run_result *result);
/*
 * Send the lines that a program logged after entry begin_seq, up to end_seq: both are taken while
 * it is loaded. Return 0 or -EPIPE.
 */
int kcsd_serve_send_log(int sock, const struct serve_program *program, uint64_t begin_seq,
			uint64_t end_seq);

/* serve_reply.c: each returns 0 or -errno. flags: of send(2). */
int kcsd_serve_send_output(int sock, const void *bytes, size_t len);
int kcsd_serve_send_log_line(int sock, const char *line, size_t len);
/* Send the record, with the output that the result has, and the end. */
int kcsd_serve_send_result(int sock, const struct kcsd_run_result *result);
int kcsd_serve_send_error(int sock, int status, const struct kcsd_error *err, int flags);

#endif
