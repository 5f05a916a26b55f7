// SPDX-License-Identifier: GPL-2.0
#include "prog.h"

struct nvme_uring_cmd prog_load_cmd(__u16 pind, const void *buf, __u32 numb, __u32 loff,
				    __u32 psize)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM, .nsid = KCSD_NSID_COMPUTE,
		.addr = (uintptr_t)buf, .data_len = numb,
		.cdw10 = pind | KCSD_PTYPE_EBPF << KCSD_LOAD_PTYPE_SHIFT,
		.cdw11 = psize, .cdw14 = numb, .cdw15 = loff,
	};
}

struct nvme_uring_cmd prog_unload_cmd(__u16 pind)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_LOAD_PROGRAM, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = pind | KCSD_LOAD_SEL_UNLOAD,
	};
}

struct nvme_uring_cmd prog_activation_cmd(__u16 pind, __u32 sel)
{
	return (struct nvme_uring_cmd) {
		.opcode = KCSD_ADMIN_PROGRAM_ACTIVATION, .nsid = KCSD_NSID_COMPUTE,
		.cdw10 = pind | sel << KCSD_ACTIVATION_SEL_SHIFT,
	};
}

int prog_load(int ctrl, __u16 pind, const void *buf, __u32 len, __u64 *result)
{
	struct nvme_uring_cmd c = prog_load_cmd(pind, buf, len, 0, len);

	return cmd_admin_way(CMD_URING, ctrl, &c, result);
}

int prog_unload(int ctrl, __u16 pind)
{
	struct nvme_uring_cmd c = prog_unload_cmd(pind);

	return cmd_admin(ctrl, &c);
}

int prog_activate(int ctrl, __u16 pind)
{
	struct nvme_uring_cmd c = prog_activation_cmd(pind, KCSD_ACTIVATION_ACTIVATE);

	return cmd_admin(ctrl, &c);
}

int prog_deactivate(int ctrl, __u16 pind)
{
	struct nvme_uring_cmd c = prog_activation_cmd(pind, KCSD_ACTIVATION_DEACTIVATE);

	return cmd_admin(ctrl, &c);
}

int prog_load_image(int ctrl, __u16 pind, const struct image *im, __u64 *result)
{
	__u32 len;
	void *buf = image_build(im, &len);

	return prog_load(ctrl, pind, buf, len, result);
}

int prog_install_image(int ctrl, __u16 pind, const struct image *im)
{
	int ret = prog_load_image(ctrl, pind, im, NULL);

	return ret ? ret : prog_activate(ctrl, pind);
}

int prog_install_insns(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 insn_cnt)
{
	struct image im = { .insns = insns, .insn_cnt = insn_cnt };

	return prog_install_image(ctrl, pind, &im);
}

int prog_replace_insns(int ctrl, __u16 pind, const struct bpf_insn *insns, __u32 insn_cnt)
{
	prog_deactivate(ctrl, pind);
	prog_unload(ctrl, pind);
	return prog_install_insns(ctrl, pind, insns, insn_cnt);
}

const struct bpf_insn prog_seven[] = { I_MOV(R0, 7), I_EXIT };
const struct bpf_insn prog_endless[] = { I_MOV(R0, 0), I_JA(-1), I_EXIT };
