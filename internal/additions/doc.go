// Package additions gathers additions to groups, since Microsoft Graph takes 20 new members of a group in one write.
//
// Nobody waits here. An object asks for an addition and goes away. When a request for its group is about to leave, the object is woken
// to announce what will be done, and boards; when the answer is there, it is woken again and told how its own addition went. So an
// announcement is never much older than the request, however long the queue is.
//
// All of this is in memory only. A process that ends in the middle leaves nothing in doubt for good: an addition that was announced and
// does not show is asked for again, and adding somebody who is a member already changes nothing.
package additions
