// SPDX-License-Identifier: GPL-2.0
/* Char nodes of the controller and of namespaces. */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/slab.h>

#include "drive.h"
#include "host/node.h"
#include "host/passthru.h"

#define KCSD_MINORS	(1U << MINORBITS)

static dev_t devt;
static DEFINE_IDA(minors);

/* Like classes nvme and nvme-generic: one for controllers, one for namespaces. */
static const struct class controller_class = { .name = "kcsd" };
static const struct class generic_class = { .name = "kcsd-generic" };

int kcsd_node_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&devt, 0, KCSD_MINORS, "kcsd");
	if (ret)
		return ret;
	ret = class_register(&controller_class);
	if (ret)
		goto out_region;
	ret = class_register(&generic_class);
	if (ret)
		goto out_class;
	return 0;

out_class:
	class_unregister(&controller_class);
out_region:
	unregister_chrdev_region(devt, KCSD_MINORS);
	return ret;
}

void kcsd_node_exit(void)
{
	class_unregister(&generic_class);
	class_unregister(&controller_class);
	unregister_chrdev_region(devt, KCSD_MINORS);
	ida_destroy(&minors);
}

/* Free a node. Called once the device is deleted and its last file closed. */
static void node_release(struct device *dev)
{
	struct kcsd_node *node = container_of(dev, struct kcsd_node, dev);
	struct kcsd_drive *drive = node->drive;

	ida_free(&minors, MINOR(dev->devt));
	kfree(node);
	kcsd_drive_put(drive);	/* last: the module may be unloaded from now on */
}

struct kcsd_node *kcsd_node_create(struct kcsd_drive *drive, u32 nsid, struct device *parent,
				   const struct attribute_group **groups,
				   const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	struct kcsd_node *node;
	va_list args;
	int minor, ret;

	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&minors, KCSD_MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(node);
		return ERR_PTR(minor);
	}

	node->drive = drive;
	node->nsid = nsid;
	kcsd_drive_get(drive);
	device_initialize(&node->dev);
	node->dev.devt = MKDEV(MAJOR(devt), minor);
	node->dev.class = nsid ? &generic_class : &controller_class;
	node->dev.parent = parent;
	node->dev.groups = groups;
	node->dev.release = node_release;
	dev_set_drvdata(&node->dev, drive);

	va_start(args, fmt);
	vaf.va = &args;
	ret = dev_set_name(&node->dev, "%pV", &vaf);
	va_end(args);
	if (ret)
		goto out_put;
	cdev_init(&node->cdev, &kcsd_node_fops);
	node->cdev.owner = THIS_MODULE;
	ret = cdev_device_add(&node->cdev, &node->dev);
	if (ret)
		goto out_put;
	return node;

out_put:
	put_device(&node->dev);
	return ERR_PTR(ret);
}

void kcsd_node_destroy(struct kcsd_node *node)
{
	cdev_device_del(&node->cdev, &node->dev);
	put_device(&node->dev);
}
