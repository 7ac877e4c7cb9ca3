// SPDX-License-Identifier: GPL-2.0
/* BTF made by hand, and look-ups in the running kernel's own BTF. */
#include <linux/btf.h>
#include <sys/stat.h>
#include "probe.h"

#define INFO(kind, vlen) ((kind) << 24 | (vlen))

/* The few types of the enum in probe.h; the value is an array of int. */
int btf_load(uint32_t value_size)
{
	static const char strings[] = "\0int\0f\0probe.c\0return 0;";
	struct {
		struct btf_header h;
		struct btf_type integer;
		uint32_t encoding;
		struct btf_type proto, func, value;
		struct btf_array array;
		char strings[sizeof(strings)];
	} __attribute__((packed)) b = {
		.h = { .magic = BTF_MAGIC, .version = BTF_VERSION,
		       .hdr_len = sizeof(b.h),
		       .type_len = offsetof(typeof(b), strings) - sizeof(b.h),
		       .str_off = offsetof(typeof(b), strings) - sizeof(b.h),
		       .str_len = sizeof(strings) },
		.integer = { .name_off = 1, .info = INFO(BTF_KIND_INT, 0), .size = 4 },
		.encoding = BTF_INT_SIGNED << 24 | 32,
		.proto = { .info = INFO(BTF_KIND_FUNC_PROTO, 0), .type = BTF_INT },
		.func = { .name_off = 5, .info = INFO(BTF_KIND_FUNC, 0), .type = BTF_PROTO },
		.value = { .info = INFO(BTF_KIND_ARRAY, 0) },
		.array = { BTF_INT, BTF_INT, value_size / 4 },
	};
	union bpf_attr a = { .btf = (uint64_t)(unsigned long)&b, .btf_size = sizeof(b) };

	memcpy(b.strings, strings, sizeof(strings));
	return sys_bpf(BPF_BTF_LOAD, &a, sizeof(a));
}

int btf_load_raw(const void *data, size_t len)
{
	union bpf_attr a = { .btf = (uint64_t)(unsigned long)data, .btf_size = len };

	return sys_bpf(BPF_BTF_LOAD, &a, sizeof(a));
}

/* an integer and @n pointers to it, to be freed */
char *btf_pointers(uint32_t n, size_t *len)
{
	struct btf_type integer = { .info = INFO(BTF_KIND_INT, 0), .size = 4 };
	struct btf_type pointer = { .info = INFO(BTF_KIND_PTR, 0), .type = 1 };
	uint32_t i, encoding = 32;
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(h),
				.type_len = sizeof(integer) + 4 + n * sizeof(pointer),
				.str_len = 1 };
	char *b, *p;

	h.str_off = h.type_len;
	*len = sizeof(h) + h.type_len + 1;
	p = b = xalloc(*len);
	p = mempcpy(p, &h, sizeof(h));
	p = mempcpy(p, &integer, sizeof(integer));
	p = mempcpy(p, &encoding, 4);
	for (i = 0; i < n; i++)
		p = mempcpy(p, &pointer, sizeof(pointer));
	return b;
}

struct vmbtf {
	const char *strings;
	const struct btf_type **types;
	int nr;
};

static size_t type_len(const struct btf_type *t)
{
	unsigned int n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT: case BTF_KIND_VAR: case BTF_KIND_DECL_TAG:
		return sizeof(*t) + 4;
	case BTF_KIND_ARRAY:
		return sizeof(*t) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT: case BTF_KIND_UNION:
		return sizeof(*t) + n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return sizeof(*t) + n * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*t) + n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return sizeof(*t) + n * sizeof(struct btf_var_secinfo);
	case 19: /* ENUM64 */
		return sizeof(*t) + n * 12;
	default:
		return sizeof(*t);
	}
}

/* NULL where the kernel has no BTF */
const struct vmbtf *vmbtf(void)
{
	static struct vmbtf v;
	const struct btf_header *h;
	int fd, room = 0;
	char *buf, *p;
	size_t len = 0, cap = 1 << 20;
	ssize_t n;

	if (v.nr)
		return v.nr > 0 ? &v : NULL;
	v.nr = -1;
	fd = open("/sys/kernel/btf/vmlinux", O_RDONLY);
	if (fd < 0)
		return NULL;
	buf = xalloc(cap);
	while ((n = read(fd, buf + len, cap - len)) > 0) {
		len += n;
		if (len == cap && !(buf = realloc(buf, cap *= 2)))
			die("no memory for the kernel's BTF");
	}
	close(fd);
	h = (void *)buf;
	if (len < sizeof(*h) || h->magic != BTF_MAGIC)
		return NULL;
	v.strings = buf + h->hdr_len + h->str_off;
	v.nr = 1;
	for (p = buf + h->hdr_len + h->type_off;
	     p < buf + h->hdr_len + h->type_off + h->type_len;
	     p += type_len((void *)p)) {
		if (v.nr >= room)
			v.types = realloc(v.types, (room += 65536) * sizeof(*v.types));
		v.types[v.nr++] = (void *)p;
	}
	return &v;
}

int vmbtf_find(const char *name, int kind)
{
	const struct vmbtf *v = vmbtf();
	int i;

	for (i = 1; v && i < v->nr; i++)
		if ((int)BTF_INFO_KIND(v->types[i]->info) == kind &&
		    !strcmp(v->strings + v->types[i]->name_off, name))
			return i;
	return -ENOENT;
}

int vmbtf_size(int id)
{
	return vmbtf()->types[id]->size;
}

const char *vmbtf_enum(const char *in, int i, int *value)
{
	const struct vmbtf *v = vmbtf();
	int id = vmbtf_find(in, BTF_KIND_ENUM);
	const struct btf_enum *e;

	if (id < 0 || i >= (int)BTF_INFO_VLEN(v->types[id]->info))
		return NULL;
	e = (void *)(v->types[id] + 1);
	*value = e[i].val;
	return v->strings + e[i].name_off;
}

/* the first member of struct @in that points to one of the structs @to */
int vmbtf_ptr_member(const char *in, const char *const *to, unsigned int *off,
		     const char **member)
{
	const struct vmbtf *v = vmbtf();
	int id = vmbtf_find(in, BTF_KIND_STRUCT);
	const struct btf_member *m;
	unsigned int i;
	int t;

	if (id < 0)
		return id;
	m = (void *)(v->types[id] + 1);
	for (; *to; to++)
		for (i = 0; i < BTF_INFO_VLEN(v->types[id]->info); i++) {
			t = m[i].type;
			if (BTF_INFO_KIND(v->types[t]->info) != BTF_KIND_PTR)
				continue;
			t = v->types[t]->type;
			if (!t || strcmp(v->strings + v->types[t]->name_off, *to))
				continue;
			*off = (BTF_INFO_KFLAG(v->types[id]->info) ?
				BTF_MEMBER_BIT_OFFSET(m[i].offset) : m[i].offset) / 8;
			*member = v->strings + m[i].name_off;
			return 0;
		}
	return -ENOENT;
}
