/* SPDX-License-Identifier: Apache-2.0 */
/* CMake wants one source of its own for a library that is made of archives. */
typedef int libsti_is_made_of_the_rooms;
