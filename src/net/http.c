/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http.h"

static const char *const method_name[] = {
	[HTTP_METHOD_GET] = "GET", [HTTP_METHOD_HEAD] = "HEAD",     [HTTP_METHOD_POST] = "POST",
	[HTTP_METHOD_PUT] = "PUT", [HTTP_METHOD_DELETE] = "DELETE",
};

/* RFC 9110 15 and RFC 6585. */
static const char *const phrase[] = {
	[100] = "Continue",
	[200] = "OK",
	[201] = "Created",
	[202] = "Accepted",
	[204] = "No Content",
	[304] = "Not Modified",
	[400] = "Bad Request",
	[401] = "Unauthorized",
	[403] = "Forbidden",
	[404] = "Not Found",
	[405] = "Method Not Allowed",
	[406] = "Not Acceptable",
	[408] = "Request Timeout",
	[409] = "Conflict",
	[411] = "Length Required",
	[412] = "Precondition Failed",
	[413] = "Content Too Large",
	[414] = "URI Too Long",
	[415] = "Unsupported Media Type",
	[417] = "Expectation Failed",
	[421] = "Misdirected Request",
	[422] = "Unprocessable Content",
	[429] = "Too Many Requests",
	[431] = "Request Header Fields Too Large",
	[500] = "Internal Server Error",
	[501] = "Not Implemented",
	[502] = "Bad Gateway",
	[503] = "Service Unavailable",
	[504] = "Gateway Timeout",
	[505] = "HTTP Version Not Supported",
};

struct sti_span http_header_find(const struct http_header *header, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (sti_span_is_nocase(header[i].name, name))
			return header[i].value;
	return sti_span(NULL, 0);
}

enum http_method http_method_parse(struct sti_span token)
{
	for (unsigned i = 0; i < HTTP_METHOD_OTHER; i++)
		if (sti_span_is(token, method_name[i]))
			return (enum http_method)i;
	return HTTP_METHOD_OTHER;
}

const char *http_method_name(enum http_method method)
{
	return (unsigned)method < HTTP_METHOD_OTHER ? method_name[method] : "";
}

const char *http_phrase(int status)
{
	size_t i = status < 0 ? 0 : (size_t)status;

	return i < sizeof(phrase) / sizeof(phrase[0]) && phrase[i] ? phrase[i] : "Unknown";
}
