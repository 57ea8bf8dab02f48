package graphsim

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"time"
)

// userText is a text of a user. The directory has no empty ones: null clears.
func userText(name string, field func(*User) *string) *property {
	p := text(name, func(o object) *string { return field(&o.(*user).User) })
	p.set = func(o object, raw json.RawMessage) error {
		if string(raw) == `""` {
			return errors.New("must not be empty")
		}
		return decodeNullable(raw, field(&o.(*user).User))
	}
	return p
}

func userList(name string, field func(*User) *[]string) *property {
	return list(name, func(o object) *[]string { return field(&o.(*user).User) })
}

func userMoment(name string, field func(*User) *time.Time) *property {
	return moment(name, func(o object) *time.Time { return field(&o.(*user).User) })
}

// other is a property kept in User.Other.
func other(name string) *property {
	return &property{
		name:  name,
		value: func(o object) any { return o.(*user).Other[name] },
		set: func(o object, raw json.RawMessage) error {
			var value any
			if err := json.Unmarshal(raw, &value); err != nil {
				return err
			}
			u, values := o.(*user), map[string]any{} // a new map: snapshots may hold the old one
			maps.Copy(values, u.Other)
			values[name] = value
			u.Other = values
			return nil
		},
	}
}

func accountEnabled() *property {
	return &property{
		name:  "accountEnabled",
		value: func(o object) any { return !o.(*user).Disabled },
		set: func(o object, raw json.RawMessage) error {
			var enabled bool
			if err := decodeFlag(raw, &enabled); err != nil {
				return err
			}
			o.(*user).Disabled = !enabled
			return nil
		},
	}
}

func identities() *property {
	return &property{
		name: "identities",
		value: func(o object) any {
			values := make([]any, 0, len(o.(*user).Identities))
			for _, i := range o.(*user).Identities {
				value := map[string]any{"signInType": i.SignInType, "issuer": i.Issuer, "issuerAssignedId": nil}
				if i.IssuerAssignedID != "" {
					value["issuerAssignedId"] = i.IssuerAssignedID
				}
				values = append(values, value)
			}
			return values
		},
		set: func(o object, raw json.RawMessage) error {
			var values []Identity
			if err := json.Unmarshal(raw, &values); err != nil {
				return err
			}
			o.(*user).Identities = values
			return nil
		},
	}
}

// isCountry accepts what has the form of an ISO 3166 country code of two letters.
func isCountry(code string) bool {
	return len(code) == 2 && strings.Trim(strings.ToUpper(code), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// userProperties follow Microsoft's table of filter support for directory objects
// and the user resource page.
func userProperties() []*property {
	const named, notNamed = "eq in startswith", "ne not endswith null"
	const ranged, notRanged = "eq in startswith ge le", "ne not null"
	return []*property{
		userText("id", func(u *User) *string { return &u.ID }).readOnly().filters("eq in", "ne not"),
		userText("displayName", func(u *User) *string { return &u.DisplayName }).kept().atMost(256).filters(ranged, notRanged),
		userText("givenName", func(u *User) *string { return &u.GivenName }).atMost(64).filters(ranged, notRanged),
		userText("surname", func(u *User) *string { return &u.Surname }).atMost(64).filters(ranged, notRanged),
		userText("jobTitle", func(u *User) *string { return &u.JobTitle }).atMost(128).filters(ranged, notRanged),
		userText("department", func(u *User) *string { return &u.Department }).atMost(64).filters(ranged, notRanged),
		userText("companyName", func(u *User) *string { return &u.CompanyName }).atMost(64).filters("", "eq ne not in startswith null"),
		userText("employeeType", func(u *User) *string { return &u.EmployeeType }).filters("", "eq ne in startswith ge le"),
		userText("usageLocation", func(u *User) *string { return &u.UsageLocation }).checked(isCountry).filters(named, "ne not null"),
		userText("preferredLanguage", func(u *User) *string { return &u.PreferredLanguage }).filters("eq in startswith", "ne not null"),
		userText("officeLocation", func(u *User) *string { return &u.OfficeLocation }).filters("eq in startswith", "ne not null"),
		userText("mobilePhone", func(u *User) *string { return &u.MobilePhone }).filters("eq in startswith", "ne not null"),
		userText("mailNickname", func(u *User) *string { return &u.MailNickname }).filters("eq in startswith", "ne not null"),
		userText("mail", func(u *User) *string { return &u.Mail }).filters(named, notNamed),
		userText("userPrincipalName", func(u *User) *string { return &u.UserPrincipalName }).kept().filters(named, "ne not endswith"),
		userText("userType", func(u *User) *string { return &u.UserType }).filters("eq in", "ne not null"),
		userText("creationType", func(u *User) *string { return &u.CreationType }).readOnly().filters("eq in", "ne not null"),
		userText("externalUserState", func(u *User) *string { return &u.ExternalUserState }).readOnly().filters("eq in", "ne not null"),
		userList("otherMails", func(u *User) *[]string { return &u.OtherMails }).filters(named, "ne not endswith"),
		userList("proxyAddresses", func(u *User) *[]string { return &u.ProxyAddresses }).readOnly().filters("eq startswith", notNamed),
		userList("businessPhones", func(u *User) *[]string { return &u.BusinessPhones }).filters("eq startswith", "ne not"),
		userMoment("createdDateTime", func(u *User) *time.Time { return &u.CreatedDateTime }).filters("eq ge le", "ne not in"),
		userMoment("deletedDateTime", func(u *User) *time.Time { return &u.DeletedDateTime }).filters("eq ge le", "ne not in null"),
		userMoment("externalUserStateChangeDateTime", func(u *User) *time.Time { return &u.ExternalUserStateChangeDateTime }).filters("eq in", "ne not"),
		optionalFlag("onPremisesSyncEnabled", func(o object) *bool { return &o.(*user).OnPremisesSyncEnabled }).readOnly().filters("eq", "ne not null"),
		accountEnabled().filters("eq in", "ne not"),
		identities().filters("eq", ""),
		always("signInActivity", nil),
		userMoment("signInSessionsValidFromDateTime", func(u *User) *time.Time { return &u.SignInSessionsValidFromDateTime }),
		always("isManagementRestricted", nil),
		always("onPremisesLastSyncDateTime", nil),
	}
}

func newUserResource() *resource {
	r := newResource("user", "users", []string{
		"businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
		"officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
	}, userProperties()...)
	for _, name := range []string{
		"ageGroup", "city", "consentProvidedForMinor", "country", "employeeHireDate", "employeeId", "employeeLeaveDateTime",
		"faxNumber", "onPremisesImmutableId", "passwordPolicies", "postalCode", "preferredDataLocation",
		"showInAddressList", "state", "streetAddress",
	} {
		r.byName[name] = other(name).filters("eq in startswith", "ne not null")
	}
	r.elsewhere = map[string]bool{
		"aboutMe": true, "birthday": true, "hireDate": true, "interests": true, "mySite": true,
		"pastProjects": true, "preferredName": true, "responsibilities": true, "schools": true, "skills": true,
	}
	r.links = []string{"manager", "sponsors", "memberOf"}
	return r
}

var userResource = newUserResource()
