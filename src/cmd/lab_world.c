/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/lab_world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/lab_pa.h"
#include "cmd/lab_pki.h"
#include "json/writer.h"
#include "store/file.h"

const struct lab_who lab_who[LAB_MEMBERS] = {
	[LAB_A] = {"a", "A", "US", "1234", "12025550100", "1202555", true},
	[LAB_B] = {"b", "B", "US", "5678", "13125550100", "1312555", true},
	[LAB_STRANGER] = {"stranger", "stranger", "US", "1234", "", "", false},
	[LAB_PA] = {"pa", "PA", "US", "", "", "", false},
};

/* Our own folder on tmpfs; nothing else is ever removed. */
#define RUN_NAME "sidetone-lab-"

enum { DIR_MAX = LIMIT_PATH - 64, PORT_COUNT = LAB_MEMBERS * LAB_PORTS + 1 };

struct lab_path lab_path(const struct lab_path *folder, const char *format, ...)
{
	struct lab_path path = *folder;
	size_t n = strlen(path.text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(path.text + n, sizeof(path.text) - n, format, arguments);
	va_end(arguments);
	return path;
}

bool lab_write(const struct lab_path *path, struct sti_span bytes)
{
	if (file_write(path->text, bytes, 0600) == STI_OK)
		return true;
	complain(STATUS_SYSTEM, "%s: cannot be written: %s", path->text, strerror(errno));
	return false;
}

struct lab_url lab_url(uint16_t port, const char *path)
{
	struct lab_url url;

	snprintf(url.text, sizeof(url.text), "https://localhost:%u%s", port, path);
	return url;
}

struct lab_url lab_x5u(const struct lab_world *world, size_t who)
{
	char path[64];

	snprintf(path, sizeof(path), "/certs/%s.pem", lab_who[who].name);
	return lab_url(world->port[who][LAB_PORT_CR], path);
}

struct lab_url lab_cps(const struct lab_world *world, size_t who)
{
	char path[64];

	snprintf(path, sizeof(path), "/cps/company/%s", lab_who[who].spc);
	return lab_url(world->port[who][LAB_PORT_CPS], path);
}

/* --- folders --- */

static bool cannot(const char *path, const char *what)
{
	complain(STATUS_SYSTEM, "%s: %s: %s", path, what, strerror(errno));
	return false;
}

static bool is_tmpfs(const char *folder)
{
	struct statfs fs;

	return statfs(folder, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* The PASSporTs of a carrier lie on tmpfs, so this folder does. */
static bool make_run(struct lab_world *world)
{
	const char *given = getenv("TMPDIR");
	const char *base = is_tmpfs("/dev/shm") || !given ? "/dev/shm" : given;

	if (strlen(base) > DIR_MAX)
		base = "/dev/shm";
	snprintf(world->run.text, sizeof(world->run.text), "%s/" RUN_NAME "XXXXXX", base);
	if (!mkdtemp(world->run.text))
		return cannot(base, "cannot make a folder there");
	return true;
}

static bool is_ours(const char *folder)
{
	struct stat st;

	return lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static bool resolve(struct lab_world *world, const char *dir)
{
	char *path = realpath(dir, NULL);
	bool good = path && strlen(path) <= DIR_MAX;

	if (good)
		snprintf(world->dir.text, sizeof(world->dir.text), "%s", path);
	free(path);
	return good;
}

static bool make_dir(struct lab_world *world, const char *dir)
{
	struct lab_path note;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return cannot(dir, "cannot be made");
	if (!resolve(world, dir))
		return cannot(dir, "cannot be used");
	if (!is_ours(world->dir.text)) {
		complain(STATUS_SYSTEM, "%s: expected a folder of our own", dir);
		return false;
	}
	note = lab_path(&world->dir, "/run");
	return make_run(world) && lab_write(&note, sti_span_str(world->run.text));
}

static bool make_folders(struct lab_world *world, const char *dir)
{
	world->is_temporary = !dir;
	if (dir ? !make_dir(world, dir) : !make_run(world))
		return false;
	if (!dir)
		world->dir = world->run;
	for (size_t i = 0; i < LAB_MEMBERS; i++) {
		struct lab_path path = lab_path(&world->dir, "/%s", lab_who[i].name);

		if (mkdir(path.text, 0700) && errno != EEXIST)
			return cannot(path.text, "cannot be made");
	}
	return true;
}

/* --- ports --- */

static int open_port(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, n) || getsockname(fd, (struct sockaddr *)&address, &n)) {
		close(fd);
		return -1;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

/* All are held until the last is known, so no two are the same. */
static bool choose_ports(struct lab_world *world)
{
	uint16_t *port = &world->port[0][0];
	int fd[PORT_COUNT];
	size_t n = 0;

	while (n < PORT_COUNT && (fd[n] = open_port(n < PORT_COUNT - 1 ? &port[n] : &world->closed)) >= 0)
		n++;
	for (size_t i = 0; i < n; i++)
		close(fd[i]);
	return n == PORT_COUNT || cannot("127.0.0.1", "no free port");
}

/* --- configurations --- */

static void put_common(FILE *out, const struct lab_world *world, size_t who)
{
	fprintf(out, "name = \"%s\"\n", lab_who[who].name);
	fprintf(out, "admin = {\"unix:%s/%s.admin\", \"127.0.0.1:%u\"}\n", world->run.text, lab_who[who].name,
		world->port[who][LAB_PORT_ADMIN]);
	fprintf(out, "fetch { ca = \"../tls-ca.pem\"\n\tpermit = {\"localhost:%u\"", world->closed);
	for (size_t i = 0; i < LAB_MEMBERS; i++)
		fprintf(out, ", \"localhost:%u\", \"localhost:%u\"", world->port[i][LAB_PORT_CPS],
			world->port[i][LAB_PORT_CR]);
	fputs("} }\n", out);
}

static void put_listen(FILE *out, const struct lab_world *world, size_t who, enum lab_port port)
{
	fprintf(out, "\tlisten = {\"127.0.0.1:%u\"}\n\ttls_certificate = \"tls.pem\"\n\ttls_key = \"tls.key\"\n",
		world->port[who][port]);
}

static void put_cr(FILE *out, const struct lab_world *world, size_t who)
{
	fputs("cr {\n", out);
	put_listen(out, world, who, LAB_PORT_CR);
	fprintf(out, "\tcertificate \"%s\" { file = \"sti.pem\" }\n}\n", lab_who[who].name);
}

static void put_as(FILE *out, const struct lab_world *world, size_t who)
{
	fputs("as {\n", out);
	put_listen(out, world, who, LAB_PORT_AS);
	fprintf(out, "\tsigner \"main\" {\n\t\tkey = \"sti.key\"\n\t\tcertificate = \"sti.pem\"\n\t\tx5u = \"%s\"\n",
		lab_x5u(world, who).text);
	fprintf(out, "\t\tnumbers = {\"%s\"}\n\t}\n}\n", lab_who[who].prefix);
}

static void put_cps(FILE *out, const struct lab_world *world, size_t who)
{
	fputs("cps {\n", out);
	put_listen(out, world, who, LAB_PORT_CPS);
	fprintf(out, "\tocn = {\"%s\"}\n\tstore = \"%s/%s.store\"\n\tslots = 4096\n", lab_who[who].spc, world->run.text,
		lab_who[who].name);
	fprintf(out, "\tprivate { listen = {\"unix:%s/%s.cps\"} }\n}\n", world->run.text, lab_who[who].name);
}

/* A second between two looks: a list or CRL that the lab swaps is met at once. */
static void put_trust(FILE *out, const struct lab_world *world, size_t who)
{
	uint16_t port = world->port[LAB_PA][LAB_PORT_CR];

	fprintf(out, "trust { state = \"%s/%s.state\" }\n", world->run.text, lab_who[who].name);
	fprintf(out,
		"list \"us\" {\n\tkind = \"ca-list\"\n\turl = \"%s\"\n\tanchor = \"../pa-root.pem\"\n"
		"\tpoll_s = 1\n}\n",
		lab_url(port, LAB_PA_LIST).text);
	fprintf(out, "crl \"us\" {\n\turl = \"%s\"\n\tanchor = \"../pa/crl.pem\"\n\tpoll_s = 1\n}\n",
		lab_url(port, LAB_PA_CRL).text);
}

static void put_carrier(FILE *out, const struct lab_world *world, size_t who)
{
	put_trust(out, world, who);
	put_as(out, world, who);
	fputs("vs {\n", out);
	put_listen(out, world, who, LAB_PORT_VS);
	fputs("\twait_ms = 150\n}\n", out); /* on loopback a PASSporT is never that late */
	put_cps(out, world, who);
	for (size_t i = 0; i < LAB_MEMBERS; i++)
		if (lab_who[i].is_carrier)
			fprintf(out, "route \"%s\" { cps = \"%s\" }\n", lab_who[i].prefix, lab_cps(world, i).text);
	fprintf(out, "route \"" LAB_DEAD_PREFIX "\" { cps = \"%s\" }\n",
		lab_url(world->closed, "/cps/company/5678").text);
}

static bool write_configuration(const struct lab_world *world, size_t who)
{
	struct lab_path path = lab_path(&world->dir, "/%s/sidetone.conf", lab_who[who].name);
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	bool good;

	if (!out)
		return cannot(path.text, "no memory");
	put_common(out, world, who);
	put_cr(out, world, who);
	if (lab_who[who].is_carrier)
		put_carrier(out, world, who);
	good = fclose(out) == 0 && lab_write(&path, sti_span(text, n));
	free(text);
	return good;
}

bool lab_world_move(struct lab_world *world)
{
	bool good = choose_ports(world);

	for (size_t i = 0; good && i < LAB_MEMBERS; i++)
		good = i == LAB_PA ? lab_pa_make(world) : write_configuration(world, i);
	return good;
}

bool lab_world_make(struct lab_world *world, const char *dir)
{
	*world = (struct lab_world){0};
	if (make_folders(world, dir) && lab_pki_make(world) && lab_world_move(world))
		return true;
	if (world->run.text[0])
		lab_world_remove(world);
	return false;
}

bool lab_world_find(struct lab_world *world, const char *dir)
{
	struct lab_path note;
	struct buf text;

	*world = (struct lab_world){0};
	if (!resolve(world, dir) || !is_ours(world->dir.text))
		return false;
	note = lab_path(&world->dir, "/run");
	if (file_read(note.text, LIMIT_PATH, &text))
		return false;
	snprintf(world->run.text, sizeof(world->run.text), "%.*s", (int)text.n, (const char *)text.p);
	buf_free(&text);
	return true;
}

/* --- the end --- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* Only what we have put there, and only from a folder of our own making: the note may lie. */
static void remove_run(const struct lab_world *world)
{
	static const char *const part[] = {"admin", "cps", "store"};
	const char *name = strrchr(world->run.text, '/');

	if (!name || strncmp(name + 1, RUN_NAME, strlen(RUN_NAME)) != 0 || !is_ours(world->run.text))
		return;
	for (size_t i = 0; i < LAB_MEMBERS; i++) {
		for (size_t k = 0; k < sizeof(part) / sizeof(part[0]); k++)
			unlink(lab_path(&world->run, "/%s.%s", lab_who[i].name, part[k]).text);
		nftw(lab_path(&world->run, "/%s.state", lab_who[i].name).text, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	}
	rmdir(world->run.text);
}

void lab_world_remove(struct lab_world *world)
{
	if (world->is_temporary) {
		nftw(world->dir.text, remove_one, 8, FTW_DEPTH | FTW_PHYS);
		return;
	}
	unlink(lab_path(&world->dir, "/lab.json").text);
	remove_run(world);
	unlink(lab_path(&world->dir, "/run").text);
}

/* --- lab.json --- */

static void put_file(struct buf *out, const char *name, const struct lab_world *world, size_t who, const char *file)
{
	json_put_member(out, name, sti_span_str(lab_path(&world->dir, "/%s/%s", lab_who[who].name, file).text));
}

/* {"url":"https://localhost:PORT", … : one open object, for more to be put in. */
static void open_service(struct buf *out, const char *name, const struct lab_world *world, size_t who,
			 enum lab_port port)
{
	json_put_name(out, name);
	buf_put_byte(out, '{');
	json_put_member(out, "url", sti_span_str(lab_url(world->port[who][port], "").text));
}

static void put_services(struct buf *out, const struct lab_world *world, size_t who)
{
	struct lab_path private = lab_path(&world->run, "/%s.cps", lab_who[who].name);

	open_service(out, "as", world, who, LAB_PORT_AS);
	json_put_member(out, "signing", sti_span_str(lab_url(world->port[who][LAB_PORT_AS], "/stir/v1/signing").text));
	buf_put_byte(out, '}');
	open_service(out, "vs", world, who, LAB_PORT_VS);
	json_put_member(out, "verification",
			sti_span_str(lab_url(world->port[who][LAB_PORT_VS], "/stir/v1/verification").text));
	buf_put_byte(out, '}');
	open_service(out, "cps", world, who, LAB_PORT_CPS);
	json_put_member(out, "company", sti_span_str(lab_cps(world, who).text));
	json_put_member(out, "private", sti_span_str(private.text));
	buf_put_byte(out, '}');
}

static void put_identity(struct buf *out, const struct lab_world *world, size_t who)
{
	json_put_member(out, "name", sti_span_str(lab_who[who].name));
	json_put_member(out, "country", sti_span_str(lab_who[who].country));
	json_put_member(out, "spc", sti_span_str(lab_who[who].spc));
	if (lab_who[who].is_carrier)
		json_put_member(out, "number", sti_span_str(lab_who[who].number));
	put_file(out, "key", world, who, "sti.key");
	put_file(out, "certificate", world, who, "sti.pem");
	json_put_member(out, "x5u", sti_span_str(lab_x5u(world, who).text));
}

static void put_member(struct buf *out, const struct lab_world *world, size_t who)
{
	char admin[64];

	buf_put_byte(out, '{');
	put_identity(out, world, who);
	if (lab_who[who].is_carrier)
		put_services(out, world, who);
	snprintf(admin, sizeof(admin), "http://127.0.0.1:%u", world->port[who][LAB_PORT_ADMIN]);
	json_put_member(out, "admin", sti_span_str(admin));
	put_file(out, "configuration", world, who, "sidetone.conf");
	put_file(out, "log", world, who, "log");
	json_put_name(out, "pid");
	buf_put_int(out, world->pid[who]);
	buf_put_byte(out, '}');
}

static void put_pa(struct buf *out, const struct lab_world *world)
{
	uint16_t port = world->port[LAB_PA][LAB_PORT_CR];

	buf_put_byte(out, '{');
	json_put_member(out, "name", sti_span_str(lab_who[LAB_PA].name));
	json_put_member(out, "country", sti_span_str(lab_who[LAB_PA].country));
	json_put_member(out, "url", sti_span_str(lab_url(port, "").text));
	json_put_member(out, "list", sti_span_str(lab_url(port, LAB_PA_LIST).text));
	json_put_member(out, "crl", sti_span_str(lab_url(port, LAB_PA_CRL).text));
	json_put_member(out, "anchor", sti_span_str(lab_path(&world->dir, "/pa-root.pem").text));
	put_file(out, "certificate", world, LAB_PA, "list.pem");
	put_file(out, "key", world, LAB_PA, "list.key");
	put_file(out, "crl_certificate", world, LAB_PA, "crl.pem");
	put_file(out, "crl_key", world, LAB_PA, "crl.key");
	json_put_name(out, "pid");
	buf_put_int(out, world->pid[LAB_PA]);
	buf_put_byte(out, '}');
}

bool lab_world_announce(const struct lab_world *world)
{
	struct lab_path path = lab_path(&world->dir, "/lab.json");
	struct buf out = buf_own(LIMIT_BODY);
	bool good;

	buf_put_byte(&out, '{');
	json_put_member(&out, "tls_ca", sti_span_str(lab_path(&world->dir, "/tls-ca.pem").text));
	json_put_member(&out, "roots", sti_span_str(lab_path(&world->dir, "/sti-root.pem").text));
	json_put_name(&out, "carriers");
	buf_put_byte(&out, '[');
	for (size_t i = 0; i < LAB_MEMBERS; i++) {
		if (!lab_who[i].is_carrier)
			continue;
		json_put_comma(&out);
		put_member(&out, world, i);
	}
	buf_put_byte(&out, ']');
	json_put_name(&out, "stranger");
	put_member(&out, world, LAB_STRANGER);
	json_put_name(&out, "pas");
	buf_put_byte(&out, '[');
	put_pa(&out, world);
	buf_put_str(&out, "],\"cas\":[]}\n");
	good = !buf_error(&out) && lab_write(&path, buf_span(&out));
	buf_free(&out);
	return good;
}
