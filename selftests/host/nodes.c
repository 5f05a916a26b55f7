// SPDX-License-Identifier: GPL-2.0
/* The nodes of a drive: their modes, and the rights of a descriptor. */
#include "harness.h"
#include "admin.h"
#include "capability.h"
#include "feature.h"
#include "nvm.h"
#include "range_set.h"
#include "run.h"
#include "slm.h"

static const struct drive_attr small[] = { DRIVE_SMALL, {} };

FIXTURE(nodes) {
	struct drive d;		/* open for reading only */
	int ctrl_rw;
	int nvm_rw;
	int slm_rw;
	int compute_rw;
};

FIXTURE_SETUP(nodes)
{
	drive_sweep();
	ASSERT_EQ(0, drive_create(&self->d, "nodes", small));
	self->ctrl_rw = self->d.ctrl;
	self->nvm_rw = self->d.nvm;
	self->slm_rw = self->d.slm;
	self->compute_rw = self->d.compute;
	ASSERT_EQ(0, prog_install(self->ctrl_rw, 0, prog_seven));
	ASSERT_EQ(0, drive_open(&self->d, O_RDONLY));
}

FIXTURE_TEARDOWN(nodes)
{
	fd_close(&self->ctrl_rw);
	fd_close(&self->nvm_rw);
	fd_close(&self->slm_rw);
	fd_close(&self->compute_rw);
	EXPECT_EQ(0, drive_remove(&self->d));
}

TEST_F(nodes, mode_and_type)
{
	struct stat st;
	char path[64];

	drive_node(path, sizeof(path), self->d.index, "");
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_NVM);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_SLM);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	drive_generic_node(path, sizeof(path), self->d.index, KCSD_NSID_COMPUTE);
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	/* udev gives block devices a group, but no rights to other users. */
	drive_node(path, sizeof(path), self->d.index, "n1");
	ASSERT_EQ(0, stat(path, &st));
	EXPECT_TRUE(S_ISBLK(st.st_mode));
	EXPECT_EQ(0, st.st_mode & 07007);
}

TEST_F(nodes, unprivileged_user_cannot_open)
{
	char path[4][64];
	pid_t pid;
	int status;

	drive_node(path[0], sizeof(path[0]), self->d.index, "");
	drive_generic_node(path[1], sizeof(path[1]), self->d.index, KCSD_NSID_NVM);
	drive_generic_node(path[2], sizeof(path[2]), self->d.index, KCSD_NSID_COMPUTE);
	drive_generic_node(path[3], sizeof(path[3]), self->d.index, KCSD_NSID_SLM);
	pid = fork();
	if (!pid) {
		int opened = 0;

		if (setgid(65534) || setuid(65534))
			_exit(100);
		for (int i = 0; i < 4; i++)
			opened += open(path[i], O_RDONLY) >= 0;
		_exit(opened);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(nodes, read_only_reads)
{
	static __u8 buf[4096] __attribute__((aligned(4096)));
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, buf, sizeof(buf));
	struct nvme_uring_cmd id = cmd_identify(1, 0, 0, buf);
	struct nvme_uring_cmd log = cmd_log(KCSD_LOG_PROGRAM_LIST, buf, 16, 0);

	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, cmd_io_way(way, self->d.nvm, &rd, NULL));
		EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &id, NULL));
		EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &log, NULL));
	}
}

TEST_F(nodes, read_only_does_not_write)
{
	static __u8 buf[4096] __attribute__((aligned(4096)));
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 0, 1, buf, sizeof(buf));
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, buf, sizeof(buf));
	struct nvme_user_io io = { .opcode = NVM_WRITE, .addr = (uintptr_t)buf };

	ASSERT_EQ(0, admin_set(false));
	memset(buf, 0x5a, sizeof(buf));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(-EACCES, cmd_io_way(way, self->d.nvm, &wr, NULL))
			TH_LOG("%s", cmd_way_name(way));
	}
	EXPECT_EQ(-1, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io));
	EXPECT_EQ(EACCES, errno);
	ASSERT_EQ(0, cmd_io(self->nvm_rw, &rd));
	for (size_t i = 0; i < sizeof(buf); i++) {
		ASSERT_EQ(0, buf[i]);
	}
	memset(buf, 0x5a, sizeof(buf));
	EXPECT_EQ(0, cmd_io(self->nvm_rw, &wr));
}

TEST_F(nodes, read_only_does_not_manage_programs)
{
	__u32 len = sizeof(prog_seven);
	struct nvme_uring_cmd cmds[] = {
		prog_load_cmd(1, prog_seven, len, 0, len),
		prog_unload_cmd(0),
		prog_activation_cmd(0, KCSD_ACTIVATION_ACTIVATE),
		prog_activation_cmd(0, KCSD_ACTIVATION_DEACTIVATE),
	};

	ASSERT_EQ(0, admin_set(false));
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++) {
		for (int way = 0; way < CMD_WAYS; way++) {
			EXPECT_EQ(-EACCES, cmd_admin_way(way, self->d.ctrl, &cmds[i], NULL))
				TH_LOG("command %zu by %s", i, cmd_way_name(way));
		}
	}
	/* The same rule holds for the admin ioctls of the generic nodes. */
	EXPECT_EQ(-EACCES, cmd_admin_way(CMD_IOCTL, self->d.compute, &cmds[0], NULL));
	EXPECT_EQ(-EACCES, cmd_admin_way(CMD_IOCTL64, self->d.nvm, &cmds[3], NULL));
	EXPECT_TRUE(run_works(self->compute_rw, 0));
}

TEST_F(nodes, read_only_runs_read_only_programs)
{
	struct run none = {};
	struct run rd = {};

	run_grant(&rd, 0, 1, KCSD_GRANT_READ);
	ASSERT_EQ(0, admin_set(false));
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, run_way(way, self->d.compute, &none));
		EXPECT_EQ(0, run_way(way, self->d.compute, &rd)) TH_LOG("%s", cmd_way_name(way));
	}
}

TEST_F(nodes, read_only_does_not_run_writers)
{
	static const __u8 access[] = { KCSD_GRANT_WRITE, KCSD_GRANT_READ | KCSD_GRANT_WRITE };

	ASSERT_EQ(0, admin_set(false));
	for (size_t i = 0; i < ARRAY_SIZE(access); i++) {
		struct run r = {};

		run_grant(&r, 0, 1, KCSD_GRANT_READ);
		run_grant(&r, 8, 1, access[i]);
		for (int way = 0; way < CMD_WAYS; way++) {
			EXPECT_EQ(-EACCES, run_way(way, self->d.compute, &r))
				TH_LOG("%s", cmd_way_name(way));
			EXPECT_EQ(0, run_way(way, self->compute_rw, &r));
		}
	}
}

/*
 * Rights of a descriptor of the compute node in namespaces 1 and 2. Opened for reading: its runs
 * may read all LBAs, and use no SLM. Opened for writing: its runs may use all of both. See the
 * table in security.rst.
 */
TEST_F(nodes, reach_of_a_compute_node)
{
	static __u8 buf[4096] __attribute__((aligned(4096)));
	const struct {
		int fd, write, ranges;
	} cases[] = { { self->d.compute, -EACCES, -EACCES }, { self->compute_rw, 0, 0 } };
	struct nvme_uring_cmd rd = cmd_rw(NVM_READ, 0, 1, buf, sizeof(buf));
	struct nvme_uring_cmd slm = slm_cmd(KCSD_SLM_READ, 0, 64, buf);
	__u64 nlb = 16 * KST_MIB / 4096, rsid;
	struct kcsd_memory_range pages = range(0, 4096);

	ASSERT_EQ(0, range_set_create(self->ctrl_rw, &pages, 1, &rsid));
	ASSERT_EQ(0, admin_set(false));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run reads = {}, writes = {}, ranges = {}, set = { .rsid = rsid };

		run_grant(&reads, 0, nlb, KCSD_GRANT_READ);
		run_grant(&writes, 0, nlb, KCSD_GRANT_WRITE);
		run_range(&ranges, 0, 4096);
		EXPECT_EQ(0, run_exec(cases[i].fd, &reads));
		EXPECT_EQ(cases[i].write, run_exec(cases[i].fd, &writes));
		EXPECT_EQ(cases[i].ranges, run_exec(cases[i].fd, &ranges));
		EXPECT_EQ(cases[i].ranges, run_exec(cases[i].fd, &set));
		/* The compute node takes only its own commands, not those of other namespaces. */
		EXPECT_EQ(-EINVAL, cmd_io(cases[i].fd, &rd));
		EXPECT_EQ(-EINVAL, cmd_io(cases[i].fd, &slm));
	}
	EXPECT_EQ(0, range_set_delete(self->ctrl_rw, rsid));
}

/*
 * The controller node takes all admin commands, the node of a namespace only those that change
 * nothing.
 */
TEST_F(nodes, changing_admin_commands_need_the_controller_node)
{
	static __u8 buf[4096] __attribute__((aligned(4096)));
	struct kcsd_memory_range pages = range(0, 4096);
	__u32 len = sizeof(prog_seven);
	struct nvme_uring_cmd changing[] = {
		cmd_set_feature(KCSD_FEATURE_BUDGET, 0),
		prog_load_cmd(1, prog_seven, len, 0, len),
		prog_activation_cmd(1, KCSD_ACTIVATION_ACTIVATE),
		prog_activation_cmd(1, KCSD_ACTIVATION_DEACTIVATE),
		prog_unload_cmd(1),
		range_set_create_cmd(&pages, 1),
		range_set_delete_cmd(1),
	};
	struct nvme_uring_cmd reading[] = {
		cmd_identify(1, 0, 0, buf),
		cmd_log(KCSD_LOG_PROGRAM_LIST, buf, 16, 0),
		cmd_get_feature(KCSD_FEATURE_BUDGET, FEATURE_CURRENT),
	};
	int fds[] = { self->nvm_rw, self->slm_rw, self->compute_rw,
		      self->d.nvm, self->d.slm, self->d.compute };

	ASSERT_EQ(0, admin_set(false));
	for (int way = CMD_IOCTL; way <= CMD_IOCTL64; way++) {
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
			for (size_t c = 0; c < ARRAY_SIZE(changing); c++) {
				EXPECT_EQ(-EACCES, cmd_admin_way(way, fds[i], &changing[c], NULL))
					TH_LOG("node %zu, command %zu", i, c);
			}
			for (size_t c = 0; c < ARRAY_SIZE(reading); c++) {
				EXPECT_EQ(0, cmd_admin_way(way, fds[i], &reading[c], NULL))
					TH_LOG("node %zu, command %zu", i, c);
			}
		}
		for (size_t c = 0; c < ARRAY_SIZE(changing); c++) {
			EXPECT_EQ(0, cmd_admin_way(way, self->ctrl_rw, &changing[c], NULL))
				TH_LOG("command %zu", c);
		}
		/* A task with CAP_SYS_ADMIN may send all of them through any node. */
		ASSERT_EQ(0, admin_set(true));
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
			for (size_t c = 0; c < ARRAY_SIZE(changing); c++) {
				EXPECT_EQ(0, cmd_admin_way(way, fds[i], &changing[c], NULL))
					TH_LOG("node %zu, command %zu", i, c);
			}
		}
		ASSERT_EQ(0, admin_set(false));
	}
	/*
	 * By io_uring, a node takes only its own kind of command, also from a task with
	 * CAP_SYS_ADMIN.
	 */
	ASSERT_EQ(0, admin_set(true));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(-ENOTTY, cmd_admin_way(CMD_URING, fds[i], &changing[0], NULL));
		EXPECT_EQ(-ENOTTY, cmd_admin_way(CMD_URING, fds[i], &reading[0], NULL));
	}
}

/* Same rule as for the NVMe nodes of Linux, which tools open for reading even to write. */
TEST_F(nodes, cap_sys_admin_writes_with_any_descriptor)
{
	static __u8 buf[4096] __attribute__((aligned(4096)));
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 0, 1, buf, sizeof(buf));
	struct nvme_uring_cmd fill = slm_cmd(KCSD_SLM_FILL, 0, 4096, NULL);
	struct nvme_user_io io = { .opcode = NVM_WRITE, .addr = (uintptr_t)buf };
	__u32 len = sizeof(prog_seven);
	struct nvme_uring_cmd admin[] = {
		prog_load_cmd(1, prog_seven, len, 0, len),
		prog_activation_cmd(1, KCSD_ACTIVATION_ACTIVATE),
		prog_activation_cmd(1, KCSD_ACTIVATION_DEACTIVATE),
		prog_unload_cmd(1),
	};
	struct run writes = {}, ranges = {};

	run_grant(&writes, 0, 1, KCSD_GRANT_WRITE);
	run_range(&ranges, 0, 4096);
	for (int way = 0; way < CMD_WAYS; way++) {
		EXPECT_EQ(0, cmd_io_way(way, self->d.nvm, &wr, NULL))
			TH_LOG("%s", cmd_way_name(way));
		EXPECT_EQ(0, cmd_io_way(way, self->d.slm, &fill, NULL));
		EXPECT_EQ(0, run_way(way, self->d.compute, &writes));
		EXPECT_EQ(0, run_way(way, self->d.compute, &ranges));
		for (size_t c = 0; c < ARRAY_SIZE(admin); c++) {
			EXPECT_EQ(0, cmd_admin_way(way, self->d.ctrl, &admin[c], NULL))
				TH_LOG("command %zu by %s", c, cmd_way_name(way));
		}
	}
	EXPECT_EQ(0, ioctl(self->d.nvm, NVME_IOCTL_SUBMIT_IO, &io));
}

/* The rights belong to the descriptor: a process that receives it gets them too. */
TEST_F(nodes, rights_stay_with_the_descriptor)
{
	static __u8 buf[4096] __attribute__((aligned(4096)));
	struct nvme_uring_cmd wr = cmd_rw(NVM_WRITE, 0, 1, buf, sizeof(buf));
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		if (cmd_io_way(CMD_IOCTL, self->d.nvm, &wr, NULL) != -EACCES)
			_exit(2);
		_exit(cmd_io_way(CMD_IOCTL, self->nvm_rw, &wr, NULL) ? 3 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

DRIVE_TEST_MAIN
