// SPDX-License-Identifier: GPL-2.0
/* Histograms of programs in debugfs. */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "compute/debugfs.h"
#include "compute/program.h"

static struct dentry *root;

/* Print the histogram at an offset in struct kcsd_program_stats, summed over all CPUs. */
static int program_show(struct seq_file *m, size_t offset)
{
	struct dentry *dentry = m->file->f_path.dentry;
	const struct kcsd_program *p = m->private;
	struct kcsd_histogram sum = {};
	int cpu, ret = debugfs_file_get(dentry);

	if (ret)
		return ret;
	for_each_possible_cpu(cpu)
		kcsd_histogram_fold(&sum, (void *)per_cpu_ptr(p->stats, cpu) + offset);
	debugfs_file_put(dentry);
	kcsd_histogram_show(m, &sum);
	return 0;
}

static int latency_show(struct seq_file *m, void *unused)
{
	return program_show(m, offsetof(struct kcsd_program_stats, latency));
}
DEFINE_SHOW_ATTRIBUTE(latency);

static int insns_show(struct seq_file *m, void *unused)
{
	return program_show(m, offsetof(struct kcsd_program_stats, insns_of_runs));
}
DEFINE_SHOW_ATTRIBUTE(insns);

void kcsd_debugfs_add_program(struct kcsd_programs *programs, struct kcsd_program *program)
{
	char name[8];

	snprintf(name, sizeof(name), "%u", program->pind);
	program->debugfs = debugfs_create_dir(name, programs->debugfs);
	/* "unsafe": then removal does not wait while the memory of a reader faults. */
	debugfs_create_file_unsafe("latency", 0400, program->debugfs, program, &latency_fops);
	debugfs_create_file_unsafe("insns", 0400, program->debugfs, program, &insns_fops);
}

void kcsd_debugfs_del_program(struct kcsd_program *program)
{
	debugfs_remove(program->debugfs);
}

void kcsd_debugfs_add(struct kcsd_programs *programs, unsigned int index)
{
	char name[16];

	snprintf(name, sizeof(name), "kcsd%u", index);
	programs->debugfs_drive = debugfs_create_dir(name, root);
	programs->debugfs = debugfs_create_dir("programs", programs->debugfs_drive);
}

void kcsd_debugfs_del(struct kcsd_programs *programs)
{
	debugfs_remove(programs->debugfs_drive);
}

void kcsd_debugfs_init(void)
{
	root = debugfs_create_dir("kcsd", NULL);
}

void kcsd_debugfs_exit(void)
{
	debugfs_remove(root);
}
