package directory

import "strings"

// Profile are the properties of a user that say who somebody is at work. Dynamic groups can go by them. A property that the user does
// not have is empty. https://learn.microsoft.com/graph/api/resources/user
type Profile struct {
	GivenName, Surname, CompanyName, Department, JobTitle, EmployeeType string
	// UsageLocation is a country in two letters (ISO 3166).
	UsageLocation string
}

// ProfileField names a property of a Profile as Graph does.
type ProfileField string

// The properties of a Profile.
const (
	GivenName     ProfileField = "givenName"
	Surname       ProfileField = "surname"
	CompanyName   ProfileField = "companyName"
	Department    ProfileField = "department"
	JobTitle      ProfileField = "jobTitle"
	EmployeeType  ProfileField = "employeeType"
	UsageLocation ProfileField = "usageLocation"
)

// ProfileFields lists the properties of a Profile.
func ProfileFields() []ProfileField {
	return []ProfileField{GivenName, Surname, CompanyName, Department, JobTitle, EmployeeType, UsageLocation}
}

// ProfileChanges are properties with the value that each is to have: the empty one clears the property. A property that is not
// in it stays as it is.
type ProfileChanges map[ProfileField]string

// Value gives one property, "" for a field that is none.
func (p Profile) Value(field ProfileField) string {
	if v := p.field(field); v != nil {
		return *v
	}
	return ""
}

// With gives the profile after the changes.
func (p Profile) With(changes ProfileChanges) Profile {
	for field, value := range changes {
		if v := p.field(field); v != nil {
			*v = value
		}
	}
	return p
}

// Missing gives those of the changes that the profile does not show yet; nil where there are none.
func (p Profile) Missing(changes ProfileChanges) (missing ProfileChanges) {
	for field, want := range changes {
		is := p.Value(field)
		if is == want || field == UsageLocation && strings.EqualFold(is, want) {
			continue
		}
		if missing == nil {
			missing = ProfileChanges{}
		}
		missing[field] = want
	}
	return missing
}

// field is where the property is kept, nil for a field that is none.
func (p *Profile) field(field ProfileField) *string {
	switch field {
	case GivenName:
		return &p.GivenName
	case Surname:
		return &p.Surname
	case CompanyName:
		return &p.CompanyName
	case Department:
		return &p.Department
	case JobTitle:
		return &p.JobTitle
	case EmployeeType:
		return &p.EmployeeType
	case UsageLocation:
		return &p.UsageLocation
	}
	return nil
}
