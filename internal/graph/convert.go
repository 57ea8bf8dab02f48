package graph

import (
	"errors"

	"github.com/microsoftgraph/msgraph-sdk-go/models"

	"github.com/entraguests/entra-guest-operator/internal/directory"
)

// nameProperty is what groups and applications are looked up by.
const nameProperty = "displayName"

// userProperties are the properties that userOf reads. Graph gives only a few of them unless they are selected.
var userProperties = []string{
	"id", "userPrincipalName", nameProperty, "mail", "otherMails", "proxyAddresses", "userType", "creationType",
	"externalUserState", "externalUserStateChangeDateTime", "accountEnabled", "createdDateTime", "identities", "onPremisesSyncEnabled",
	"givenName", "surname", "companyName", "department", "jobTitle", "employeeType", "usageLocation",
}

func deletedUserProperties() []string {
	return append([]string{"deletedDateTime"}, userProperties...)
}

func userOf(u models.Userable) directory.User {
	user := directory.User{
		ID:                              value(u.GetId()),
		UserPrincipalName:               value(u.GetUserPrincipalName()),
		DisplayName:                     value(u.GetDisplayName()),
		Mail:                            value(u.GetMail()),
		OtherMails:                      u.GetOtherMails(),
		ProxyAddresses:                  u.GetProxyAddresses(),
		UserType:                        directory.UserType(value(u.GetUserType())),
		CreationType:                    value(u.GetCreationType()),
		ExternalUserState:               directory.ExternalUserState(value(u.GetExternalUserState())),
		AccountEnabled:                  value(u.GetAccountEnabled()),
		OnPremisesSyncEnabled:           value(u.GetOnPremisesSyncEnabled()),
		ExternalUserStateChangeDateTime: value(u.GetExternalUserStateChangeDateTime()),
		CreatedDateTime:                 value(u.GetCreatedDateTime()),
		DeletedDateTime:                 value(u.GetDeletedDateTime()),
		Profile: directory.Profile{
			GivenName:     value(u.GetGivenName()),
			Surname:       value(u.GetSurname()),
			CompanyName:   value(u.GetCompanyName()),
			Department:    value(u.GetDepartment()),
			JobTitle:      value(u.GetJobTitle()),
			EmployeeType:  value(u.GetEmployeeType()),
			UsageLocation: value(u.GetUsageLocation()),
		},
	}
	for _, identity := range u.GetIdentities() {
		if identity == nil {
			continue
		}
		user.Identities = append(user.Identities, directory.Identity{
			SignInType:       value(identity.GetSignInType()),
			Issuer:           value(identity.GetIssuer()),
			IssuerAssignedID: value(identity.GetIssuerAssignedId()),
		})
	}
	return user
}

func usersOf(page []models.Userable) ([]directory.User, error) {
	users := make([]directory.User, 0, len(page))
	for _, user := range page {
		if user == nil || value(user.GetId()) == "" {
			return nil, errors.New("a user without an id")
		}
		users = append(users, userOf(user))
	}
	return users, nil
}

// groupProperties are the properties that groupOf reads.
var groupProperties = []string{
	"id", nameProperty, "groupTypes", "membershipRule", "mailEnabled", "securityEnabled", "isAssignableToRole",
	"onPremisesSyncEnabled", "isManagementRestricted",
}

func groupsOf(page []models.Groupable) ([]directory.Group, error) {
	groups := make([]directory.Group, 0, len(page))
	for _, group := range page {
		if group == nil || value(group.GetId()) == "" {
			return nil, errors.New("a group without an id")
		}
		groups = append(groups, groupOf(group))
	}
	return groups, nil
}

func groupOf(g models.Groupable) directory.Group {
	return directory.Group{
		ID:                     value(g.GetId()),
		DisplayName:            value(g.GetDisplayName()),
		GroupTypes:             g.GetGroupTypes(),
		MembershipRule:         value(g.GetMembershipRule()),
		MailEnabled:            value(g.GetMailEnabled()),
		SecurityEnabled:        value(g.GetSecurityEnabled()),
		IsAssignableToRole:     value(g.GetIsAssignableToRole()),
		OnPremisesSyncEnabled:  value(g.GetOnPremisesSyncEnabled()),
		IsManagementRestricted: value(g.GetIsManagementRestricted()),
	}
}
