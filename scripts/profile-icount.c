// SPDX-License-Identifier: GPL-2.0
/*
 * Plugin of QEMU 7.2 for scripts/profile-icount: counts how often each block of
 * instructions of the guest's kernel is executed. Debian has QEMU without the
 * header of plugins; what is used of it is declared here.
 *
 * fd=N is an open file: a line for each block, its address and how many
 * instructions were executed in it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
typedef uint64_t qemu_plugin_id_t;
/* QEMU_PLUGIN_INLINE_ADD_U64 */
enum { ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
		void (*cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
		void *ptr, uint64_t imm);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
		void (*cb)(qemu_plugin_id_t id, void *p), void *p);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

#define BUCKETS (1 << 16)
#define KERNEL (1ULL << 63)

struct block {
	struct block *next;
	uint64_t addr;
	uint64_t insns;
};

static struct block *blocks[BUCKETS];
static int out = -1;

/* The same block is translated again and again, and in other lengths. */
static struct block *block_at(uint64_t addr)
{
	struct block **head = &blocks[(addr ^ addr >> 16) % BUCKETS], *block;

	for (block = *head; block; block = block->next)
		if (block->addr == addr)
			return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->addr = addr;
	block->next = *head;
	*head = block;
	return block;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t addr = qemu_plugin_tb_vaddr(tb);

	(void)id;
	if (addr & KERNEL)
		qemu_plugin_register_vcpu_tb_exec_inline(tb, ADD_U64, &block_at(addr)->insns,
							 qemu_plugin_tb_n_insns(tb));
}

static void ended(qemu_plugin_id_t id, void *p)
{
	struct block *block;
	int i;

	(void)id;
	(void)p;
	for (i = 0; i < BUCKETS; i++)
		for (block = blocks[i]; block; block = block->next)
			if (block->insns)
				dprintf(out, "%016llx %llu\n", (unsigned long long)block->addr,
					(unsigned long long)block->insns);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || sscanf(argv[0], "fd=%d", &out) != 1)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
